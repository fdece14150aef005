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

const softMemoryLimit = 256 << 20

// tuneGC lets the heap grow further between collections than Go's default:
// requests leave little behind that lives, so collecting often costs time and
// saves little. Above softMemoryLimit, as while pictures are decoded, it
// collects as often as it takes. Whoever sets GOGC or GOMEMLIMIT decides.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemoryLimit)
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
	root.AddCommand(newDemoCommand(), newServeCommand(), newMigrateCommand(), newSeedCommand(), newWorkerCommand(), newJobsCommand(), newOperatorCommand(), newOpenAPICommand())
	return root
}
