// Argocd is Argo CD's application controller, its server of repositories and what that asks for passwords, chosen by ARGOCD_BINARY_NAME as in
// upstream's program; and `argocd-health`, which says what Argo CD thinks of one object by a given configuration, without a cluster.
// The API server, pages, notifications and generators of applications are left out: they are a third of what upstream's program compiles.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	askpass "github.com/argoproj/argo-cd/v3/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/spf13/cobra"
)

func main() {
	name := os.Getenv("ARGOCD_BINARY_NAME")
	if name == "" {
		name = filepath.Base(os.Args[0])
	}
	commands := map[string]func() *cobra.Command{
		common.CommandApplicationController: controller.NewCommand,
		common.CommandRepoServer:            reposerver.NewCommand,
		common.CommandGitAskPass:            askpass.NewCommand,
		"argocd-health":                     newHealthCommand,
	}
	command, known := commands[name]
	if !known {
		fmt.Fprintf(os.Stderr, "argocd: %q is not in this program; set ARGOCD_BINARY_NAME\n", name)
		os.Exit(2)
	}
	if err := command().Execute(); err != nil {
		os.Exit(1)
	}
}
