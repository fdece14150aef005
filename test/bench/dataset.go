package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
)

// dataset is a database full of made-up rows, and who may ask about them.
type dataset struct {
	name          string
	organizations int
	callers       []caller
	server        *url.URL
}

// caller is somebody who is signed in, and the organization that they ask about.
type caller struct {
	cookie       string
	organization string // its id
	slug         string
}

// callersOf is how many take turns: each of another organization, so that what
// is measured is not one row.
const callersOf = 400

// makeDataset fills a new database: every organization has 20 members, every
// user is in 20 organizations, and one organization in five has 30 workspaces,
// the others 5.
func makeDataset(ctx context.Context, name string, organizations int) (*dataset, error) {
	address := os.Getenv("TEST_DATABASE_URL")
	if address == "" {
		return nil, errors.New("TEST_DATABASE_URL is not set: run `make bench`, which starts a PostgreSQL")
	}
	server, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	d := &dataset{name: name, organizations: organizations, server: server}
	if err := d.create(ctx); err != nil {
		return nil, fmt.Errorf("make the data set %s: %w", name, err)
	}
	for i := range callersOf {
		n := i * (organizations / callersOf)
		n += i%5 - n%5 // one in five has many workspaces, in every data set
		d.callers = append(d.callers, caller{
			cookie:       "rowhouse_session=" + token(n),
			organization: fmt.Sprintf("00000000-0000-7000-8000-%012x", n),
			slug:         fmt.Sprintf("organization-%d", n),
		})
	}
	return d, nil
}

// token is the session token of the owner of the n-th organization.
func token(n int) string { return fmt.Sprintf("bench-token-of-the-owner-number-%d", n) }

// url is the address of the data set for a role; "" is the superuser.
func (d *dataset) url(role string) string {
	u := *d.server
	u.Path = "/" + d.name
	if role != "" {
		u.User = url.User(role)
	}
	return u.String()
}

func (d *dataset) create(ctx context.Context) error {
	if err := d.exec(ctx, d.server.String(), "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)", "CREATE DATABASE "+d.name); err != nil {
		return err
	}
	roles, err := postgres.BootstrapSQL()
	if err != nil {
		return err
	}
	if err := d.exec(ctx, d.url(""), roles); err != nil {
		return err
	}
	migrator, err := postgres.OpenMigrator(d.url(postgres.RoleOwner))
	if err != nil {
		return err
	}
	_, err = migrator.Up(ctx)
	if err := errors.Join(err, migrator.Close()); err != nil {
		return err
	}
	free := domain.PlanOf(domain.TierFree).Limits
	fill := fmt.Sprintf(fillDataset, d.organizations, free.Members, free.Workspaces)
	return d.exec(ctx, d.url(""), fill, "VACUUM ANALYZE")
}

func (*dataset) exec(ctx context.Context, address string, statements ...string) error {
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	for _, sql := range statements {
		if _, err := c.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// drop removes the data set.
func (d *dataset) drop(ctx context.Context) error {
	return d.exec(ctx, d.server.String(), "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)")
}

// fillDataset writes without triggers and foreign keys, which would take
// minutes for what is right by construction.
const fillDataset = `
SET session_replication_role = replica;
CREATE FUNCTION pg_temp.id(kind int, n bigint) RETURNS uuid LANGUAGE sql AS
    $$ SELECT (lpad(to_hex(kind), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
CREATE TEMP TABLE sizes AS SELECT %[1]d AS organizations, now() AS at;

INSERT INTO app.users (id, email, name, name_key, email_verified_at, created_at, updated_at)
SELECT pg_temp.id(1, n), 'user' || n || '@bench.example', 'User ' || n, 'user ' || n, at, at, at
FROM sizes, generate_series(0, organizations - 1) n;

INSERT INTO app.organizations (id, owner_id, name, slug, description, billing_email, member_limit, workspace_limit, seats_used, workspaces_used, created_at, updated_at)
SELECT pg_temp.id(0, n), pg_temp.id(1, n), 'Organization ' || n, 'organization-' || n, 'Number ' || n || ' of many.', 'user' || n || '@bench.example',
    greatest(%[2]d, 20), greatest(%[3]d, 30), 20, CASE WHEN n %% 5 = 0 THEN 30 ELSE 5 END, at, at
FROM sizes, generate_series(0, organizations - 1) n;

INSERT INTO app.organization_slugs (slug, organization_id, created_at)
SELECT slug, id, created_at FROM app.organizations;

INSERT INTO app.memberships (organization_id, id, user_id, role, invited_by, created_at, updated_at)
SELECT pg_temp.id(0, n), pg_temp.id(2, n * 20 + k), pg_temp.id(1, (n + k * 47) %% organizations),
    CASE WHEN k = 0 THEN 'owner' WHEN k < 3 THEN 'admin' ELSE 'member' END, CASE WHEN k > 0 THEN pg_temp.id(1, n) END, at, at
FROM sizes, generate_series(0, organizations - 1) n, generate_series(0, 19) k;

INSERT INTO app.workspaces (organization_id, id, created_by, name, name_key, slug, description, visibility, is_default, member_count, created_at, updated_at)
SELECT pg_temp.id(0, n), pg_temp.id(3, n * 30 + k), pg_temp.id(1, n), 'Workspace ' || k, 'workspace ' || k, 'workspace-' || k,
    'What this is for.', CASE WHEN k %% 7 = 3 THEN 'restricted' ELSE 'open' END, k = 0, 3, at, at
FROM sizes, generate_series(0, organizations - 1) n, generate_series(0, CASE WHEN n %% 5 = 0 THEN 29 ELSE 4 END) k;

INSERT INTO app.subscriptions (organization_id, id, plan, status, current_period_start, current_period_end, created_at, updated_at)
SELECT pg_temp.id(0, n), pg_temp.id(4, n), 'free', 'free', at, at + interval '1 month', at, at
FROM sizes, generate_series(0, organizations - 1) n;

INSERT INTO app.sessions (id, token_hash, user_id, user_agent, ip, created_at, last_seen_at)
SELECT pg_temp.id(5, n), sha256(convert_to('bench-token-of-the-owner-number-' || n, 'UTF8')), pg_temp.id(1, n), 'bench', '127.0.0.1', at, at
FROM sizes, generate_series(0, organizations - 1) n;
`
