package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"rowhouse/bootstrap/production"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

func newJobsCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "jobs",
		Short: "Look at the jobs, and decide about those that were given up",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(newJobsList(), newJobsRetry(), newJobsDiscard())
	return command
}

func newJobsList() *cobra.Command {
	var state, organization string
	var limit int
	command := &cobra.Command{
		Use:   "list",
		Short: "Show jobs, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(domain.JobStates, domain.JobState(state)) {
				return errors.New("--state: choose one of: queued, failed, dead, done")
			}
			if organization != "" && !domain.IsUUID(organization) {
				return errors.New("--organization: give its id")
			}
			if limit < 1 {
				return errors.New("--limit: must be 1 or more")
			}
			return withWorker(cmd.Context(), cmd.ErrOrStderr(), func(worker *production.Worker) error {
				id := domain.OrganizationID(strings.ToLower(organization))
				return listJobs(cmd.Context(), worker.Jobs, domain.JobState(state), id, limit, cmd.OutOrStdout())
			})
		},
	}
	command.Flags().StringVar(&state, "state", string(domain.JobDead), "queued, failed, dead or done")
	command.Flags().StringVar(&organization, "organization", "", "only jobs of this organization (its id)")
	command.Flags().IntVar(&limit, "limit", 100, "how many at most")
	return command
}

func listJobs(ctx context.Context, jobs ports.Jobs, state domain.JobState, organization domain.OrganizationID, limit int, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tKIND\tORGANIZATION\tCREATED\tATTEMPTS\tLAST ERROR")
	request := domain.PageRequest{}
	for shown := 0; shown < limit; {
		request.Limit = min(limit-shown, domain.MaxPageLimit)
		page, err := jobs.List(ctx, state, organization, request)
		if err != nil {
			return err
		}
		for _, job := range page.Items {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n", job.ID, job.Kind, dash(string(job.Organization)),
				job.CreatedAt.Format(time.RFC3339), job.Attempts, dash(strings.Join(strings.Fields(job.LastError), " ")))
			request.After = string(job.ID)
		}
		if shown += len(page.Items); !page.More {
			break
		}
	}
	return table.Flush()
}

// dash stands for nothing.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func newJobsRetry() *cobra.Command {
	return eachJob("retry ID...", "Try jobs that failed or were given up again", func(ctx context.Context, worker *production.Worker, id domain.JobID) (string, error) {
		return "will be tried again", worker.Work.Worker.Retry(ctx, id)
	})
}

func newJobsDiscard() *cobra.Command {
	return eachJob("discard ID...", "Forget jobs that were given up", func(ctx context.Context, worker *production.Worker, id domain.JobID) (string, error) {
		return "is forgotten", worker.Jobs.Discard(ctx, id)
	})
}

// eachJob is a command that does the same to each job that is named.
func eachJob(use, short string, do func(context.Context, *production.Worker, domain.JobID) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withWorker(cmd.Context(), cmd.ErrOrStderr(), func(worker *production.Worker) error {
				var failed error
				for _, arg := range args {
					done, err := oneJob(cmd.Context(), worker, arg, do)
					if err != nil {
						failed = errors.Join(failed, fmt.Errorf("%s: %w", arg, err))
						continue
					}
					fmt.Fprintln(cmd.OutOrStdout(), arg, done)
				}
				return failed
			})
		},
	}
}

func oneJob(ctx context.Context, worker *production.Worker, arg string, do func(context.Context, *production.Worker, domain.JobID) (string, error)) (string, error) {
	id, err := domain.ParseID[domain.JobID](arg)
	if err != nil {
		return "", err
	}
	return do(ctx, worker, id)
}
