package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/spf13/cobra"

	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/bootstrap/production"
	"rowhouse/bootstrap/seed"
	"rowhouse/core/domain"
)

func newSeedCommand() *cobra.Command {
	force := false
	command := &cobra.Command{
		Use:   "seed",
		Short: "Fill an empty database with made-up companies, to try things out",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := bootstrap.LoadServiceConfig(os.Environ())
			if err != nil {
				return err
			}
			// Everybody knows the passwords, and one of the users is an operator.
			if !force && !isHere(config.PublicURL.Hostname()) {
				return fmt.Errorf("PUBLIC_URL is %s, and everybody knows the passwords of seeded users. If that is meant, say --force", config.PublicURL)
			}
			return withService(cmd.Context(), config, cmd.ErrOrStderr(), func(app *production.App) error {
				return runSeed(cmd.Context(), app, cmd.OutOrStdout())
			})
		},
	}
	command.Flags().BoolVar(&force, "force", false, "seed although others can reach the service")
	return command
}

// isHere reports whether a host is this machine.
func isHere(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func runSeed(ctx context.Context, app *production.App, out io.Writer) error {
	accounts, err := seed.Seeder{
		Store: app.Store, Clock: system.Clock{}, IDs: system.IDs{}, Tokens: system.Tokens{},
		Organizations: app.Organizations, Workspaces: app.Workspaces,
	}.Run(ctx)
	if errors.Is(err, domain.ErrEmailTaken) {
		return errors.New("this database has been seeded already")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Seeded. Sign in with the password %q as\n\n", seed.Password)
	listAccounts(out, accounts)
	return nil
}

// listAccounts says as whom one can sign in, and what there is to see.
func listAccounts(out io.Writer, accounts []seed.Account) {
	for _, a := range accounts {
		fmt.Fprintf(out, "  %-26s %s\n", a.Email, a.Shows)
	}
}
