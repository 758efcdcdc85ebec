// Sloth as a library: reads a specification of objectives and writes Prometheus' rules for it. Upstream's command carries a Kubernetes
// controller and a server with it, which are most of what it compiles.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	sloth "github.com/slok/sloth/pkg/lib"
)

func main() {
	if err := generate(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sloth:", err)
		os.Exit(1)
	}
}

func generate(specification io.Reader, rules io.Writer) error {
	data, err := io.ReadAll(specification)
	if err != nil {
		return err
	}
	generator, err := sloth.NewPrometheusSLOGenerator(sloth.PrometheusSLOGeneratorConfig{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	objectives, err := generator.GenerateFromRaw(ctx, data)
	if err != nil {
		return err
	}
	return generator.WriteResultAsPrometheusStd(ctx, *objectives, rules)
}
