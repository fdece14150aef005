// Command rowhouse is the whole product in one binary: see its subcommands.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks to finish in good order, a second one ends at once.
	context.AfterFunc(ctx, stop)
	tuneGC()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "rowhouse:", err)
		os.Exit(1)
	}
}

// tuneGC lets the heap grow further between collections than Go's default:
// requests leave little behind that lives, so collecting often costs time and
// saves little. Whoever sets GOGC decides.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "rowhouse",
		Short:         "Organizations, workspaces, members and plans for B2B products",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newDemoCommand(), newOpenAPICommand())
	return root
}
