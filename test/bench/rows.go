package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// rowsRole makes this program the peer that answers lists from the database.
const rowsRole = "serve-rows"

// rowsConfig is how the peer asks.
type rowsConfig struct {
	URL string `json:"url"`
	// Tenant sends the tenant's setting along, in one round trip, as a role that
	// is bound by row-level security needs it.
	Tenant      bool `json:"tenant"`
	Connections int  `json:"connections"`
}

// serveRows is what somebody would write with Fiber and pgx who needs neither
// sessions nor tenants: the same statement, scanned into a struct, encoded.
func serveRows(ctx context.Context, in io.Reader, out io.Writer) error {
	var config rowsConfig
	if err := json.NewDecoder(in).Decode(&config); err != nil {
		return err
	}
	pool, err := openRows(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Get("/workspaces/:organization", func(c *fiber.Ctx) error {
		list, err := listWorkspaces(ctx, pool, config.Tenant, c.Params("organization"))
		if err != nil {
			return err
		}
		return c.JSON(struct {
			Data       []workspaceRow `json:"data"`
			NextCursor *string        `json:"next_cursor"`
		}{list, nil})
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it lasts as long as the process
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return err
	}
	return app.Listener(listener)
}

func openRows(ctx context.Context, config rowsConfig) (*pgxpool.Pool, error) {
	parsed, err := pgxpool.ParseConfig(config.URL)
	if err != nil {
		return nil, err
	}
	parsed.MaxConns = int32(config.Connections) //nolint:gosec // it is a small number
	// As the product's role has it: else the peer would plan anew each time.
	parsed.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	return pgxpool.NewWithConfig(ctx, parsed)
}

// workspaceRow is a workspace as the API shows it.
type workspaceRow struct {
	ID             string    `json:"id"`
	OrganizationID string    `json:"organization_id"`
	Name           string    `json:"name"`
	Slug           string    `json:"slug"`
	Description    string    `json:"description"`
	Visibility     string    `json:"visibility"`
	IsDefault      bool      `json:"is_default"`
	MemberCount    int64     `json:"member_count"`
	CreatedBy      userRef   `json:"created_by"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

type userRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// The product's statement, as in adapters/postgres/workspace_list.go.
const listOfWorkspaces = `
SELECT w.id, w.created_by, w.name, w.slug, w.description, w.visibility, w.is_default, w.member_count, w.version,
    w.created_at, w.updated_at, coalesce(u.name, '')
FROM app.workspaces w LEFT JOIN app.users u ON u.id = w.created_by
WHERE w.organization_id = $1 AND (w.name_key, w.id) > ($2, $3) ORDER BY w.name_key, w.id LIMIT $4`

func listWorkspaces(ctx context.Context, pool *pgxpool.Pool, tenant bool, organization string) ([]workspaceRow, error) {
	args := []any{organization, "", "00000000-0000-0000-0000-000000000000", 51}
	if !tenant {
		rows, err := pool.Query(ctx, listOfWorkspaces, args...)
		if err != nil {
			return nil, err
		}
		return scanWorkspaces(rows, organization)
	}
	batch := &pgx.Batch{}
	batch.Queue("SELECT set_config('app.organization_id', $1, true)", organization)
	batch.Queue(listOfWorkspaces, args...)
	results := pool.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }()
	if _, err := results.Exec(); err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	return scanWorkspaces(rows, organization)
}

func scanWorkspaces(rows pgx.Rows, organization string) ([]workspaceRow, error) {
	defer rows.Close()
	list := []workspaceRow{}
	for rows.Next() {
		w := workspaceRow{OrganizationID: organization}
		var version int64
		err := rows.Scan(&w.ID, &w.CreatedBy.ID, &w.Name, &w.Slug, &w.Description, &w.Visibility, &w.IsDefault, &w.MemberCount, &version,
			&w.CreatedAt, &w.UpdatedAt, &w.CreatedBy.Name)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, rows.Err()
}
