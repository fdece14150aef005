package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
	return &conn{pooled: pooled, pgx: pooled.Conn(), rewrite: c.pool.rewrite, told: c.pool.told}, nil
}

func (connector) Driver() driver.Driver { return nil }

// conn is a connection while it is in use.
type conn struct {
	pooled *pgxpool.Conn
	pgx    *pgx.Conn
	// rewrite changes statements on their way, for tests that take down a wall.
	rewrite func(string) string
	told    func([]Change) // see Store.OnChange; nil for nobody

	inTransaction bool
	session       session // of the transaction
	wrote         bool    // the transaction may have changed something
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
	p := c.pipeline(statementOf(ctx), query, args)
	if p == nil {
		found, err := c.pgx.Query(ctx, c.rewritten(query), values(args)...)
		if err != nil {
			return nil, err
		}
		return &rows{rows: found, types: c.pgx.TypeMap()}, nil
	}
	if err := p.send(ctx); err != nil {
		return nil, err
	}
	found, err := p.results.Query()
	if err != nil {
		_ = p.results.Close()
		return nil, err
	}
	return &rows{rows: found, pipeline: p, types: c.pgx.TypeMap()}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	p := c.pipeline(statementOf(ctx), query, args)
	if p == nil {
		tag, err := c.pgx.Exec(ctx, c.rewritten(query), values(args)...)
		return driver.RowsAffected(tag.RowsAffected()), err
	}
	if err := p.send(ctx); err != nil {
		return nil, err
	}
	tag, err := p.results.Exec()
	if err != nil {
		_ = p.results.Close()
		return nil, err
	}
	return driver.RowsAffected(tag.RowsAffected()), p.end()
}

func (c *conn) rewritten(query string) string {
	if c.rewrite == nil {
		return query
	}
	return c.rewrite(query)
}

// pipeline returns what has to be sent together with a statement, or nil where
// it can go alone. In a transaction the session is set only where it is another
// than before.
func (c *conn) pipeline(s statement, query string, args []driver.NamedValue) *pipeline {
	set, told := s.session != c.session, c.told
	if c.inTransaction {
		c.wrote = c.wrote || s.writes
		told = nil // when it ends
	}
	if !set && s.rowLock == "" && (!s.writes || told == nil) {
		return nil
	}
	p := &pipeline{pgx: c.pgx}
	if set {
		s.session.queue(&p.batch, c.session)
		if c.inTransaction {
			c.session = s.session
		}
	}
	if s.rowLock != "" {
		p.batch.Queue(s.rowLock, s.rowID)
	}
	p.before = p.batch.Len()
	p.batch.Queue(c.rewritten(query), values(args)...)
	if s.writes && told != nil {
		p.told = told
		p.batch.Queue(ownChanges)
	}
	return p
}

// pipeline is a statement with what goes before and after it, sent together.
// They are one transaction, be it that of the connection or one of their own.
type pipeline struct {
	pgx     *pgx.Conn
	batch   pgx.Batch
	before  int            // how many go before the statement
	told    func([]Change) // nil where nobody wants to know what changed
	results pgx.BatchResults
}

// send sends everything, and reads up to the statement.
func (p *pipeline) send(ctx context.Context) error {
	p.results = p.pgx.SendBatch(ctx, &p.batch)
	for range p.before {
		if _, err := p.results.Exec(); err != nil {
			_ = p.results.Close()
			return err
		}
	}
	return nil
}

// end reads what comes after the statement. Its error is the statement's: some
// constraints are checked only now. Changes are told once they are committed.
func (p *pipeline) end() error {
	var changes []Change
	if p.told != nil {
		var err error
		if changes, err = p.changes(); err != nil {
			_ = p.results.Close()
			return err
		}
	}
	if err := p.results.Close(); err != nil {
		return err
	}
	if len(changes) > 0 {
		p.told(changes)
	}
	return nil
}

// changes reads what ownChanges, the next statement of the pipeline, found.
func (p *pipeline) changes() ([]Change, error) {
	found, err := p.results.Query()
	if err != nil {
		return nil, err
	}
	return scanChanges(found)
}

// BeginTx begins a transaction, sets its session and takes its locks, in one
// round trip.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	s, b := statementOf(ctx), &pgx.Batch{}
	b.Queue("begin")
	s.session.queue(b, session{})
	for _, lock := range s.locks {
		b.Queue("SELECT pg_advisory_xact_lock($1)", lock)
	}
	if err := c.pgx.SendBatch(ctx, b).Close(); err != nil {
		return nil, errors.Join(err, c.end(ctx, "rollback"))
	}
	c.inTransaction, c.session, c.wrote = true, s.session, false
	return transaction{c, ctx}, nil
}

// transaction is a driver.Tx.
type transaction struct {
	conn *conn
	ctx  context.Context //nolint:containedctx // driver.Tx takes none, and it is the transaction's own
}

// Commit implements driver.Tx. What the transaction changed is asked for in the
// same round trip.
func (t transaction) Commit() error {
	if !t.conn.wrote || t.conn.told == nil || t.conn.pgx.IsClosed() || t.ctx.Err() != nil {
		return t.conn.end(t.ctx, "commit")
	}
	p := &pipeline{pgx: t.conn.pgx, told: t.conn.told}
	p.batch.Queue(ownChanges)
	return t.conn.commit(t.ctx, p)
}

// Rollback implements driver.Tx.
func (t transaction) Rollback() error { return t.conn.end(t.ctx, "rollback") }

// commit sends the pipeline and the commit behind it.
func (c *conn) commit(ctx context.Context, p *pipeline) error {
	p.batch.Queue("commit")
	c.inTransaction, c.session = false, session{}
	if err := p.send(ctx); err != nil {
		return err
	}
	changes, err := p.changes()
	if err != nil {
		_ = p.results.Close()
		return errors.Join(err, c.end(ctx, "rollback"))
	}
	tag, err := p.results.Exec()
	if closed := p.results.Close(); err == nil {
		err = closed
	}
	err = committed(tag, err)
	if err == nil && len(changes) > 0 {
		c.told(changes)
	}
	return err
}

// committed is the error of a commit. PostgreSQL answers it with a rollback,
// and no error, where the transaction had failed before.
func committed(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

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
	if how == "commit" {
		err = committed(tag, err)
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
