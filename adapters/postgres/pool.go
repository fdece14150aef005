package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"rowhouse/core/domain"
)

// PoolConfig bounds how a process uses the database.
type PoolConfig struct {
	// MaxConnections is how many are open at once; 0 for DefaultMaxConnections.
	MaxConnections int
	// MaxWait is how long a statement waits for a connection while all are in
	// use, before it fails with domain.ErrUnavailable; 0 for DefaultMaxWait.
	MaxWait time.Duration
}

// The defaults of PoolConfig. More connections than a few for each core of the
// database make it slower, and whoever waits long for one had better be told.
const (
	DefaultMaxConnections = 16
	DefaultMaxWait        = 200 * time.Millisecond
)

// connectTimeout bounds how long a connection takes to open.
const connectTimeout = 5 * time.Second

// pool hands out connections.
type pool struct {
	*pgxpool.Pool

	maxWait time.Duration
	rewrite func(string) string // see conn
	told    func([]Change)      // see Store.OnChange
}

// newPool returns a pool that has not connected yet.
func newPool(ctx context.Context, url string, config PoolConfig) (*pool, error) {
	parsed, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("is no address of a PostgreSQL database") // err has the password in it
	}
	if config.MaxConnections == 0 {
		config.MaxConnections = DefaultMaxConnections
	}
	if config.MaxWait == 0 {
		config.MaxWait = DefaultMaxWait
	}
	parsed.MaxConns = int32(config.MaxConnections) //nolint:gosec // it is a small number
	parsed.MinConns = 0
	parsed.MaxConnLifetimeJitter = parsed.MaxConnLifetime / 10
	if parsed.ConnConfig.ConnectTimeout == 0 {
		parsed.ConnConfig.ConnectTimeout = connectTimeout
	}
	if parsed.ConnConfig.RuntimeParams["application_name"] == "" {
		parsed.ConnConfig.RuntimeParams["application_name"] = "rowhouse"
	}
	parsed.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	opened, err := pgxpool.NewWithConfig(ctx, parsed)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	return &pool{Pool: opened, maxWait: config.MaxWait}, nil
}

// acquire takes a connection, or fails with domain.ErrUnavailable where none
// gets free in time.
func (p *pool) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, p.maxWait)
	defer cancel()
	c, err := p.Acquire(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("no connection within %s: %w", p.maxWait, domain.ErrUnavailable)
	}
	return c, err
}

// query runs a statement in a session, in one round trip, without GORM in
// between: for what is asked so often that it earns a scan by hand.
func (p *pool) query(ctx context.Context, s session, scan func(pgx.Rows) error, sql string, args ...any) error {
	if p.rewrite != nil {
		sql = p.rewrite(sql)
	}
	c, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	line := &pipeline{pgx: c.Conn()}
	s.queue(&line.batch, session{})
	line.before = line.batch.Len()
	line.batch.Queue(sql, args...)
	if err := line.send(ctx); err != nil {
		return err
	}
	found, err := line.results.Query()
	if err == nil {
		err = scan(found)
		found.Close()
	}
	if closed := line.results.Close(); err == nil {
		err = closed
	}
	return err
}
