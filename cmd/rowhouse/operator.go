package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rowhouse/bootstrap"
	"rowhouse/bootstrap/production"
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
			return withService(cmd.Context(), config, cmd.ErrOrStderr(), func(app *production.App) error {
				return runOperator(cmd.Context(), app, args[0], operator, cmd.OutOrStdout())
			})
		},
	}
}

func runOperator(ctx context.Context, app *production.App, email string, operator bool, out io.Writer) error {
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
