// Package pgtest gives tests databases of their own on a real PostgreSQL.
//
// TEST_DATABASE_URL is the address of a superuser on any database of it;
// `make test` starts a server and sets it.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
)

// Superuser is the role that row-level security does not bind.
const Superuser = ""

// Database is a database of one test. It has the roles and the schema of the
// product, and no rows.
type Database struct {
	name   string
	server *url.URL
}

// URL returns the address for a role; Superuser is one too.
func (d *Database) URL(role string) string { return d.urlAt(role, d.server.Host) }

// URLAt is URL through a proxy or a pooler that listens at host:port.
func (d *Database) URLAt(role, address string) string { return d.urlAt(role, address) }

func (d *Database) urlAt(role, address string) string {
	u := *d.server
	u.Path, u.Host = "/"+d.name, address
	if role != Superuser {
		u.User = url.User(role)
	}
	return u.String()
}

// Name is the name of the database, which no other has.
func (d *Database) Name() string { return d.name }

// Address is host:port of the server.
func (d *Database) Address() string { return d.server.Host }

// Exec runs statements as the superuser.
func (d *Database) Exec(tb testing.TB, sql string, args ...any) {
	tb.Helper()
	c := d.Connect(tb, Superuser)
	if _, err := c.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// Connect opens a bare connection for a role, until the test ends.
func (d *Database) Connect(tb testing.TB, role string) *pgx.Conn {
	tb.Helper()
	c, err := pgx.Connect(tb.Context(), d.URL(role))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// server is what this process keeps on the server: a migrated template, and
// databases that tests have given back.
type server struct {
	url  *url.URL
	once sync.Once
	err  error

	mu    sync.Mutex
	made  int
	names []string    // of all databases, to be dropped
	free  []*Database // empty ones
}

var shared server

// New returns a database that nobody else uses until the test ends.
func New(tb testing.TB) *Database {
	tb.Helper()
	if testing.Short() {
		tb.Skip("-short is without services")
	}
	shared.once.Do(func() { shared.err = shared.prepare(tb.Context()) })
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	d, err := shared.take(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := shared.giveBack(context.Background(), d); err != nil {
			tb.Errorf("give back the database of the test: %v", err)
		}
	})
	return d
}

// Empty returns a database without roles' rights, schema or tables, dropped
// when the test ends.
func Empty(tb testing.TB) *Database {
	tb.Helper()
	New(tb) // there is a server, and it has the roles
	d, err := shared.create(tb.Context(), "template0")
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// Main runs the tests of a package, drops its databases, and ends the program.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for those who have more to tidy up: it returns the code to end with.
func Run(m *testing.M) int {
	code := m.Run()
	if err := shared.dropAll(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	return code
}

func (s *server) template() string { return fmt.Sprintf("rowhouse_test_%d", os.Getpid()) }

func (s *server) prepare(ctx context.Context) error {
	address := os.Getenv("TEST_DATABASE_URL")
	if address == "" {
		return errors.New("TEST_DATABASE_URL is not set: run `make test`, which starts a PostgreSQL, or `make services`")
	}
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("TEST_DATABASE_URL: %w", err)
	}
	s.url = u
	// Without a lock, packages that begin at once would make the roles at once.
	if err := s.locked(ctx, func(c *pgx.Conn) error { return bootstrap(ctx, c) }); err != nil {
		return fmt.Errorf("make the roles: %w", err)
	}
	d, err := s.createNamed(ctx, s.template(), "template0")
	if err != nil {
		return err
	}
	if err := Migrate(ctx, d); err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	return nil
}

// Migrate makes rights, schema and tables in an empty database, as a new
// installation does.
func Migrate(ctx context.Context, d *Database) error {
	c, err := pgx.Connect(ctx, d.URL(Superuser))
	if err != nil {
		return err
	}
	err = shared.locked(ctx, func(*pgx.Conn) error { return bootstrap(ctx, c) })
	if err := errors.Join(err, c.Close(ctx)); err != nil {
		return err
	}
	migrator, err := postgres.OpenMigrator(d.URL(postgres.RoleOwner))
	if err != nil {
		return err
	}
	_, err = migrator.Up(ctx)
	return errors.Join(err, migrator.Close())
}

func bootstrap(ctx context.Context, c *pgx.Conn) error {
	sql, err := postgres.BootstrapSQL()
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, sql)
	return err
}

// locked runs fn while no other process does.
func (s *server) locked(ctx context.Context, fn func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, `SELECT pg_advisory_lock(815)`); err != nil {
		return err
	}
	return fn(c)
}

func (s *server) take(ctx context.Context) (*Database, error) {
	s.mu.Lock()
	if n := len(s.free); n > 0 {
		d := s.free[n-1]
		s.free = s.free[:n-1]
		s.mu.Unlock()
		return d, nil
	}
	s.mu.Unlock()
	return s.create(ctx, s.template())
}

func (s *server) create(ctx context.Context, template string) (*Database, error) {
	s.mu.Lock()
	s.made++
	name := fmt.Sprintf("%s_%d", s.template(), s.made)
	s.mu.Unlock()
	return s.createNamed(ctx, name, template)
}

func (s *server) createNamed(ctx context.Context, name, template string) (*Database, error) {
	s.mu.Lock()
	s.names = append(s.names, name)
	s.mu.Unlock()
	c, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close(ctx) }()
	_, err = c.Exec(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template)
	return &Database{name, s.url}, err
}

// emptyAll deletes every row, without what would happen to rows that are
// deleted one by one.
const emptyAll = `
DO $$
DECLARE t regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR t IN SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_migrations'
    LOOP
        EXECUTE format('DELETE FROM %s', t);
    END LOOP;
END
$$`

func (s *server) giveBack(ctx context.Context, d *Database) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, d.URL(Superuser))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, emptyAll)
	if err := errors.Join(err, c.Close(ctx)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, d)
	return nil
}

func (s *server) dropAll(ctx context.Context) error {
	if s.url == nil || len(s.names) == 0 {
		return nil
	}
	c, err := pgx.Connect(ctx, s.url.String())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	for _, name := range s.names {
		if _, err := c.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`); err != nil {
			return err
		}
	}
	return nil
}

// Local reports whether the server is on this machine, so that its processes
// can be looked at.
func Local(d *Database) bool {
	host := d.server.Hostname()
	return host == "" || host == "localhost" || strings.HasPrefix(host, "127.")
}
