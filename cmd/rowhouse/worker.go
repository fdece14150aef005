package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/bootstrap/production"
	"rowhouse/ports"
)

func newWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Do the jobs that requests leave behind, such as sending mail",
		Long: `Do the jobs that requests leave behind, such as sending mail, and those that are
due by the clock. Any number of workers can run. The configuration comes from
the environment; .env.example documents all of it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withWorker(cmd.Context(), cmd.ErrOrStderr(), func(worker *production.Worker) error {
				worker.Work.Log.Info("working", "version", version)
				worker.Work.Run(cmd.Context())
				worker.Work.Log.Info("stopped: what was under way is done")
				return nil
			})
		},
	}
}

// withWorker assembles a worker, for as long as fn runs. The database has
// answered by then; what is logged goes to output.
func withWorker(ctx context.Context, output io.Writer, fn func(*production.Worker) error) error {
	config, err := bootstrap.LoadWorkerConfig(os.Environ())
	if err != nil {
		return err
	}
	logs, flush := bootstrap.NewLogs(output, config.LogLevel)
	defer flush()
	worker, closeWorker, err := production.NewWorker(ctx, config, logs, production.WorkerOptions{
		Clock: system.Clock{}, RealClock: ports.RealClock{Clock: system.Clock{}}, IDs: system.IDs{},
	})
	if err != nil {
		return err
	}
	defer closeWorker()
	if err := awaitDatabase(ctx, worker.Database, logs); err != nil {
		return err
	}
	return fn(worker)
}
