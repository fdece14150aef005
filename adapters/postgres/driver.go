package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The driver that GORM speaks to. What pgx's own driver for database/sql lacks
// is the pipeline: it sends a statement alone, so a setting for it would cost a
// round trip of its own, and begin and commit two more. Here the setting and
// the statement go out together, with one Sync behind them, which makes them
// one implicit transaction. The setting is local to that: it cannot reach the
// next user of the connection, a pooler in between included.

var (
	errNotPrepared = errors.New("postgres: statements are not prepared by hand: nothing would set their session")
	errBegin       = errors.New("postgres: a transaction begins with a context")
)

// connector opens connections for database/sql out of the pool. They go back
// when database/sql closes them, which it does after each use.
type connector struct{ pool *pool }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	pooled, err := c.pool.acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{pooled: pooled, pgx: pooled.Conn(), rewrite: c.pool.rewrite}, nil
}

func (connector) Driver() driver.Driver { return nil }

// conn is a connection while it is in use.
type conn struct {
	pooled *pgxpool.Conn
	pgx    *pgx.Conn
	// rewrite changes statements on their way, for tests that take down a wall.
	rewrite func(string) string

	inTransaction bool
	session       session // of the transaction
}

var (
	_ driver.QueryerContext    = (*conn)(nil)
	_ driver.ExecerContext     = (*conn)(nil)
	_ driver.ConnBeginTx       = (*conn)(nil)
	_ driver.NamedValueChecker = (*conn)(nil)
)

// Close gives the connection back. One that is broken, or still in a
// transaction, the pool throws away.
func (c *conn) Close() error {
	c.pooled.Release()
	return nil
}

// Prepare implements driver.Conn.
func (*conn) Prepare(string) (driver.Stmt, error) { return nil, errNotPrepared }

// Begin implements driver.Conn.
func (*conn) Begin() (driver.Tx, error) { return nil, errBegin }

// CheckNamedValue leaves arguments as they are: pgx knows more types than
// database/sql.
func (*conn) CheckNamedValue(*driver.NamedValue) error { return nil }

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	query = c.rewritten(query)
	before := c.before(statementOf(ctx))
	if before == nil {
		found, err := c.pgx.Query(ctx, query, values(args)...)
		if err != nil {
			return nil, err
		}
		return &rows{rows: found, types: c.pgx.TypeMap()}, nil
	}
	before.Queue(query, values(args)...)
	results := c.pgx.SendBatch(ctx, before)
	for range before.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			return nil, err
		}
	}
	found, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return &rows{rows: found, results: results, types: c.pgx.TypeMap()}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	query = c.rewritten(query)
	before := c.before(statementOf(ctx))
	if before == nil {
		tag, err := c.pgx.Exec(ctx, query, values(args)...)
		return driver.RowsAffected(tag.RowsAffected()), err
	}
	before.Queue(query, values(args)...)
	results := c.pgx.SendBatch(ctx, before)
	var affected int64
	for range before.Len() {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close()
			return nil, err
		}
		affected = tag.RowsAffected()
	}
	// Closing tells whether it was committed: some constraints are checked then.
	return driver.RowsAffected(affected), results.Close()
}

func (c *conn) rewritten(query string) string {
	if c.rewrite == nil {
		return query
	}
	return c.rewrite(query)
}

// before returns what has to go before a statement, or nil. In a transaction
// the session is set only where it is another than before.
func (c *conn) before(s statement) *pgx.Batch {
	set := s.session != c.session
	if !set && s.rowLock == "" {
		return nil
	}
	b := &pgx.Batch{}
	if set {
		s.session.queue(b)
		if c.inTransaction {
			c.session = s.session
		}
	}
	if s.rowLock != "" {
		b.Queue(s.rowLock, s.rowID)
	}
	return b
}

// BeginTx begins a transaction, sets its session and takes its locks, in one
// round trip.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	s, b := statementOf(ctx), &pgx.Batch{}
	b.Queue("begin")
	s.session.queue(b)
	for _, lock := range s.locks {
		b.Queue("SELECT pg_advisory_xact_lock($1)", lock)
	}
	if err := c.pgx.SendBatch(ctx, b).Close(); err != nil {
		return nil, errors.Join(err, c.end(ctx, "rollback"))
	}
	c.inTransaction, c.session = true, s.session
	return transaction{c, ctx}, nil
}

// transaction is a driver.Tx.
type transaction struct {
	conn *conn
	ctx  context.Context //nolint:containedctx // driver.Tx takes none, and it is the transaction's own
}

// Commit implements driver.Tx.
func (t transaction) Commit() error { return t.conn.end(t.ctx, "commit") }

// Rollback implements driver.Tx.
func (t transaction) Rollback() error { return t.conn.end(t.ctx, "rollback") }

// endTimeout bounds how long a transaction takes to end once nobody waits for
// it any more.
const endTimeout = 5 * time.Second

// end ends the transaction, also where its caller has given up. A connection
// that cannot even do that is thrown away with it.
func (c *conn) end(ctx context.Context, how string) error {
	c.inTransaction, c.session = false, session{}
	if c.pgx.IsClosed() {
		return errConnectionLost
	}
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
	}
	tag, err := c.pgx.Exec(ctx, how)
	if err == nil && how == "commit" && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	return err
}

var errConnectionLost = errors.New("postgres: the connection was lost in a transaction")

func values(args []driver.NamedValue) []any {
	plain := make([]any, len(args))
	for i := range args {
		plain[i] = args[i].Value
	}
	return plain
}
