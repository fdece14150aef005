package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

const (
	versionTable = "app.schema_migrations"
	// migrationLock lets one process migrate at a time. Any number will do, as
	// long as nobody else takes it.
	migrationLock = 7_202_611_241
)

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	// AppliedAt is when it was applied; zero if it is not.
	AppliedAt time.Time
}

// Migrator brings the schema up to date. It connects as the owner, directly
// and not through a pooler.
type Migrator struct {
	db    *sql.DB
	goose *goose.Provider
}

// OpenMigrator returns a Migrator for the database at the address. Close ends
// it.
func OpenMigrator(url string) (*Migrator, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("is no address of a PostgreSQL database") // err has the password in it
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*config)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Migrator{db, provider}, nil
}

// Close closes the connections.
func (m *Migrator) Close() error { return m.db.Close() }

// Up applies what is missing and returns it. Of several processes at once one
// applies it; the others wait, and find nothing to do.
func (m *Migrator) Up(ctx context.Context) (applied []Migration, err error) {
	err = m.alone(ctx, func() error {
		if err := m.checkRoles(ctx); err != nil {
			return err
		}
		if _, err := m.db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS app`); err != nil {
			return notBootstrapped(err)
		}
		results, err := m.goose.Up(ctx)
		applied = migrationsOf(results)
		return err
	})
	return applied, err
}

// Down takes back the latest migration, with the data in its tables, and
// returns it. It fails where there is none.
func (m *Migrator) Down(ctx context.Context) (taken Migration, err error) {
	err = m.alone(ctx, func() error {
		result, err := m.goose.Down(ctx)
		if err != nil {
			return err
		}
		taken = migrationsOf([]*goose.MigrationResult{result})[0]
		return nil
	})
	return taken, err
}

// Status returns all migrations that this binary knows, and whether they are
// applied.
func (m *Migrator) Status(ctx context.Context) ([]Migration, error) {
	known := m.goose.ListSources()
	list := make([]Migration, len(known))
	for i, source := range known {
		list[i] = Migration{Version: source.Version, Name: source.Path}
	}
	var exists bool
	if err := m.db.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, versionTable).Scan(&exists); err != nil || !exists {
		return list, err
	}
	states, err := m.goose.Status(ctx)
	if err != nil {
		return nil, err
	}
	for i, s := range states {
		list[i].AppliedAt = s.AppliedAt
	}
	return list, nil
}

// alone runs fn while no other process migrates this database.
func (m *Migrator) alone(ctx context.Context, fn func() error) error {
	c, err := m.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.ExecContext(ctx, `SET lock_timeout = 0`); err != nil { // others may take long
		return err
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return err
	}
	failed := fn()
	_, err = c.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	return errors.Join(failed, err)
}

// notBootstrapped says what to do where the owner may not make a schema.
func notBootstrapped(err error) error {
	if has(err, codeNotAllowed) {
		return fmt.Errorf("%w: run what `rowhouse migrate bootstrap` prints in this database, as a superuser", err)
	}
	return err
}

// checkRoles says what to do where the roles are missing: only an administrator
// can make them.
func (m *Migrator) checkRoles(ctx context.Context) error {
	var missing int
	err := m.db.QueryRowContext(ctx, `SELECT count(*) FROM unnest($1::text[]) AS r (name) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r.name)`, Roles()).Scan(&missing)
	if err == nil && missing > 0 {
		err = errors.New("roles are missing in the database: run what `rowhouse migrate bootstrap` prints, as a superuser")
	}
	return err
}

func migrationsOf(results []*goose.MigrationResult) []Migration {
	var list []Migration
	for _, r := range results {
		list = append(list, Migration{Version: r.Source.Version, Name: r.Source.Path})
	}
	return list
}

// neededVersion is the version of the schema that this binary needs at least.
func neededVersion() (int64, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(err, errors.New("no migrations are embedded"))
	}
	var needed int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		needed = max(needed, version)
	}
	return needed, nil
}
