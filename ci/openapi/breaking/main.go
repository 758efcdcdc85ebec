// Holds an OpenAPI document against the one that callers were promised, by oasdiff as a library: prints what would break them, one line each,
// and then ends with 1. Upstream's command carries reports, colours and configuration that nobody here reads.
package main

import (
	"fmt"
	"os"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: breaking PROMISED.json NEW.json")
		os.Exit(2)
	}
	found, err := breaking(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "breaking:", err)
		os.Exit(2)
	}
	for _, line := range found {
		fmt.Println(line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

func breaking(promised, offered string) ([]string, error) {
	loader := openapi3.NewLoader()
	before, err := load.NewSpecInfo(loader, load.NewSource(promised))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", promised, err)
	}
	after, err := load.NewSpecInfo(loader, load.NewSource(offered))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", offered, err)
	}
	report, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), before, after)
	if err != nil {
		return nil, err
	}
	localizer := checker.NewDefaultLocalizer()
	var lines []string
	for _, change := range checker.CheckBackwardCompatibility(checker.NewConfig(checker.GetAllChecks()), report, sources) {
		lines = append(lines, fmt.Sprintf("%s %s: %s [%s]", change.GetOperation(), change.GetPath(), change.GetUncolorizedText(localizer), change.GetId()))
	}
	return lines, nil
}
