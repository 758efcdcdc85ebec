package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/argoproj/argo-cd/gitops-engine/v3/pkg/health"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const healthKey = "resource.customizations.health."

// newHealthCommand reads objects from standard input, one JSON a line, and writes what Argo CD thinks of each.
func newHealthCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "argocd-health ARGOCD-CM.YAML",
		Short: "What Argo CD thinks of the health of objects, by a ConfigMap argocd-cm",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error {
			overrides, err := readOverrides(arguments[0])
			if err != nil {
				return err
			}
			return judge(os.Stdin, os.Stdout, overrides)
		},
	}
}

func readOverrides(path string) (lua.ResourceHealthOverrides, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var configuration corev1.ConfigMap
	if err := yaml.UnmarshalStrict(text, &configuration); err != nil {
		return nil, err
	}
	overrides := lua.ResourceHealthOverrides{}
	for key, script := range configuration.Data {
		if kind, found := strings.CutPrefix(key, healthKey); found {
			// A ConfigMap's key cannot hold a slash.
			overrides[strings.Replace(kind, "_", "/", 1)] = v1alpha1.ResourceOverride{HealthLua: script}
		}
	}
	return overrides, nil
}

func judge(input io.Reader, output io.Writer, overrides lua.ResourceHealthOverrides) error {
	decoder, encoder := json.NewDecoder(input), json.NewEncoder(output)
	for {
		var object unstructured.Unstructured
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		status, err := health.GetResourceHealth(&object, overrides)
		if err != nil {
			return err
		}
		if err := encoder.Encode(status); err != nil {
			return err
		}
	}
}
