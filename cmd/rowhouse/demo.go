package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/spf13/cobra"

	"rowhouse/adapters/system"
	"rowhouse/bootstrap"
	"rowhouse/bootstrap/seed"
	"rowhouse/core/notification"
)

// previewsTo is nobody's address: it has one of each mail to look at.
const previewsTo = "previews@rowhouse.example"

func newDemoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Run everything in this process, with made-up data and nothing to install",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := bootstrap.LoadDemoConfig(os.Environ(), newKey)
			if err != nil {
				return err
			}
			return runDemo(cmd.Context(), config, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}

// newKey makes a secret key for this run: nothing of a demo outlives it.
func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

func runDemo(ctx context.Context, config bootstrap.Config, out, logs io.Writer) error {
	log, flush := bootstrap.NewLogs(logs, config.LogLevel)
	defer flush()
	// First the address: where it is taken, nothing else is worth doing.
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", config.ListenAddr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with LISTEN_ADDR=127.0.0.1:8001)", err)
	}
	app, closeApp, err := newDemo(ctx, config, log)
	if err != nil {
		return err
	}
	defer closeApp()
	accounts, err := seed.Seeder{
		Store: app.Store, Clock: system.Clock{}, IDs: system.IDs{}, Tokens: system.Tokens{},
		Organizations: app.Organizations, Workspaces: app.Workspaces,
	}.Run(ctx)
	if err != nil {
		return err
	}
	if err := app.Notifications.SendPreviews(ctx, notification.NewSample(previewsTo)); err != nil {
		return err
	}
	// What goes on beside requests goes on until the last one is answered.
	defer beside(ctx, app.Work.Run)()
	greet(out, config, accounts)
	return bootstrap.Serve(ctx, app.API, listener, log.Logger)
}

// greet says what there is to do.
func greet(out io.Writer, config bootstrap.Config, accounts []seed.Account) {
	url := config.PublicURL.String()
	if host, _, err := net.SplitHostPort(config.ListenAddr); err == nil && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		fmt.Fprintf(out, "\nWARNING: other machines can reach this demo at %s, and its passwords are no secret.\n", config.ListenAddr)
	}
	fmt.Fprintf(out, `
Rowhouse is running in memory. Stop it with Ctrl+C; nothing is kept.

  Start      %[1]s
  API        %[1]s/api/v1        reference: %[1]s/docs
  Mailbox    %[1]s/api/v1/demo/mailbox
  Each mail  %[1]s/api/v1/demo/mailbox?to=%[3]s

Sign in with the password %[2]q as

`, url, seed.Password, previewsTo)
	listAccounts(out, accounts)
	fmt.Fprintf(out, `
Or try it at once, as %[2]s:

  curl -b rowhouse_session=%[3]s %[1]s/api/v1/organizations

`, url, accounts[0].Email, string(accounts[0].Token))
}
