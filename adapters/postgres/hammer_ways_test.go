package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// productWay is our own way.
type productWay struct{ *postgres.Store }

func (p productWay) statement(ctx context.Context, s postgres.Session, fn func(*gorm.DB) error) error {
	return fn(postgres.GORM(ctx, p.Store, s))
}

func (p productWay) byHand(ctx context.Context, s postgres.Session) (found []string, err error) {
	err = p.Query(ctx, s, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, `SELECT organization_id::text FROM app.workspaces`)
	return found, err
}

func (p productWay) update(ctx context.Context, a seeded, fn func(in func(postgres.Session) *gorm.DB) error) error {
	return p.Update(ctx, ports.Of(domain.OrganizationID(a.organization)), func(tx ports.Repositories) error {
		return fn(func(s postgres.Session) *gorm.DB { return postgres.GORM(ctx, tx, s) })
	})
}

// naiveWay is the one that suggests itself: to set the session of the connection,
// where there is one, and to leave it at that.
type naiveWay struct{ db *gorm.DB }

func openNaiveWay(t *testing.T, address string) naiveWay {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	connections := stdlib.OpenDB(*config)
	connections.SetMaxOpenConns(2)
	connections.SetMaxIdleConns(2)
	t.Cleanup(func() { _ = connections.Close() })
	db, err := gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: connections}), &gorm.Config{SkipDefaultTransaction: true, Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return naiveWay{db}
}

// set sets the session of a connection, until it is set again.
func (naiveWay) set(db *gorm.DB, s postgres.Session) *gorm.DB {
	if s.Organization != "" {
		_ = db.Exec(`SELECT set_config('app.organization_id', ?, false)`, s.Organization).Error
	}
	if s.User != "" {
		_ = db.Exec(`SELECT set_config('app.user_id', ?, false)`, s.User).Error
	}
	return db
}

func (n naiveWay) statement(ctx context.Context, s postgres.Session, fn func(*gorm.DB) error) error {
	return n.db.WithContext(ctx).Connection(func(c *gorm.DB) error {
		c = c.Session(&gorm.Session{}) // so that one statement adds nothing to the next
		return fn(n.set(c, s))
	})
}

func (n naiveWay) byHand(ctx context.Context, s postgres.Session) (found []string, err error) {
	err = n.statement(ctx, s, func(db *gorm.DB) error {
		return db.Raw(`SELECT organization_id FROM app.workspaces`).Scan(&found).Error
	})
	return found, err
}

func (n naiveWay) update(ctx context.Context, _ seeded, fn func(in func(postgres.Session) *gorm.DB) error) error {
	return n.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return fn(func(s postgres.Session) *gorm.DB { return n.set(tx, s) })
	})
}
