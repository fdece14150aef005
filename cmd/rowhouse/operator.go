package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rowhouse/bootstrap"
	"rowhouse/core/domain"
)

func newOperatorCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "operator",
		Short: "Say who is platform staff",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(
		newOperatorChange("grant", "Make a user a platform operator", true),
		newOperatorChange("revoke", "Make an operator an ordinary user again", false),
	)
	return command
}

func newOperatorChange(verb, short string, operator bool) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " EMAIL",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := bootstrap.LoadServiceConfig(os.Environ())
			if err != nil {
				return err
			}
			return runOperator(cmd.Context(), config, args[0], operator, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}

func runOperator(ctx context.Context, config bootstrap.ServiceConfig, email string, operator bool, out, output io.Writer) error {
	logs, flush := bootstrap.NewLogs(output, config.LogLevel)
	defer flush()
	app, closeApp, err := newService(ctx, config, logs)
	if err != nil {
		return err
	}
	defer closeApp()
	if err := awaitDatabase(ctx, app, logs); err != nil {
		return err
	}
	user, err := app.Accounts.SetOperator(ctx, email, operator)
	if errors.Is(err, domain.ErrNotFound) {
		return fmt.Errorf("nobody has signed up as %s", email)
	}
	if err != nil {
		return err
	}
	is := "is an operator"
	if !user.IsOperator {
		is = "is no operator"
	}
	fmt.Fprintf(out, "%s (%s) %s now\n", user.Email, user.Name, is)
	return nil
}
