package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rowhouse/adapters/postgres"
	"rowhouse/bootstrap"
)

func newMigrateCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database up to date",
		Long:  "Bring the database at DATABASE_OWNER_URL up to date. Several processes may try at once: one does it, the others wait.",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(
		newMigration("up", "Apply the migrations that are missing", migrateUp),
		newMigration("down", "Take back the latest migration, with the data in its tables", migrateDown),
		newMigration("status", "List the migrations, and which are applied", migrateStatus),
		&cobra.Command{
			Use:   "bootstrap",
			Short: "Print what a database administrator runs once, to make the roles",
			Long: "Print the SQL that a database administrator runs once, as a superuser in the database that Rowhouse is to use.\n" +
				"The passwords in DATABASE_URL, DATABASE_OWNER_URL, DATABASE_WORKER_URL and DATABASE_OPERATOR_URL become those of\n" +
				"the roles; what is printed does not betray them.",
			Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				config, err := bootstrap.LoadDatabaseConfig(os.Environ())
				if err != nil {
					return err
				}
				sql, err := postgres.BootstrapSQL(config.URLs()...)
				if err == nil {
					fmt.Fprint(cmd.OutOrStdout(), sql)
				}
				return err
			},
		},
	)
	return command
}

func newMigration(use, short string, run func(context.Context, *postgres.Migrator, io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := bootstrap.LoadMigrationConfig(os.Environ())
			if err != nil {
				return err
			}
			migrator, err := postgres.OpenMigrator(config.DatabaseOwnerURL)
			if err != nil {
				return fmt.Errorf("DATABASE_OWNER_URL: %w", err)
			}
			defer func() { _ = migrator.Close() }()
			return run(cmd.Context(), migrator, cmd.OutOrStdout())
		},
	}
}

func migrateUp(ctx context.Context, m *postgres.Migrator, out io.Writer) error {
	applied, err := m.Up(ctx)
	for _, migration := range applied {
		fmt.Fprintf(out, "applied %s\n", migration.Name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(out, "up to date")
	}
	return err
}

func migrateDown(ctx context.Context, m *postgres.Migrator, out io.Writer) error {
	taken, err := m.Down(ctx)
	if err == nil {
		fmt.Fprintf(out, "took back %s\n", taken.Name)
	}
	return err
}

func migrateStatus(ctx context.Context, m *postgres.Migrator, out io.Writer) error {
	migrations, err := m.Status(ctx)
	for _, migration := range migrations {
		state := "missing"
		if !migration.AppliedAt.IsZero() {
			state = "applied " + migration.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(out, "%-40s %s\n", migration.Name, state)
	}
	return err
}
