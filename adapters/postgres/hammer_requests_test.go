package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
)

// ending is how a request is meant to end.
type ending int

const (
	works ending = iota
	fails
	givesUp // or works, if it is quick enough
)

// request is one kind of them. Some are made more often.
type request struct {
	name   string
	weight int
	ends   ending
	make   func(ctx context.Context, h *hammer, a seeded) error
}

var requests = []request{
	{"a query", 24, works, func(ctx context.Context, h *hammer, a seeded) error {
		return h.way.statement(ctx, of(a), func(db *gorm.DB) error { return h.look(db, a) })
	}},
	{"a query past GORM", 20, works, func(ctx context.Context, h *hammer, a seeded) error {
		found, err := h.way.byHand(ctx, of(a))
		return h.compare(found, err, a.organization, hammerWorkspaces)
	}},
	{"a query without a session", 8, works, func(ctx context.Context, h *hammer, _ seeded) error {
		return h.way.statement(ctx, postgres.Session{}, h.lookWithout)
	}},
	{"a query without a session past GORM", 8, works, func(ctx context.Context, h *hammer, _ seeded) error {
		found, err := h.way.byHand(ctx, postgres.Session{})
		h.stray.Add(int64(len(found)))
		return err
	}},
	{"a person's", 6, works, func(ctx context.Context, h *hammer, a seeded) error {
		return h.way.statement(ctx, postgres.Session{User: domain.UserID(a.owner)}, func(db *gorm.DB) error { return h.lookAround(db, a.owner, 1) })
	}},
	{"a person's of many tenants", 2, works, func(ctx context.Context, h *hammer, _ seeded) error {
		return h.way.statement(ctx, postgres.Session{User: grace}, func(db *gorm.DB) error { return h.lookAround(db, grace, hammerTenants) })
	}},
	{"a change", 3, works, func(ctx context.Context, h *hammer, a seeded) error {
		return h.way.statement(ctx, writing(a), h.change)
	}},
	{"a query that fails", 3, fails, func(ctx context.Context, h *hammer, a seeded) error {
		return h.way.statement(ctx, of(a), func(db *gorm.DB) error { return db.Raw(`SELECT 1/0 FROM app.workspaces`).Scan(&[]int{}).Error })
	}},
	{"a query whose caller gives up", 1, givesUp, func(ctx context.Context, h *hammer, a seeded) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(rand.Int64N(2*h.mean.Load()+1)))
		defer cancel()
		return h.way.statement(ctx, of(a), func(db *gorm.DB) error { return h.lookSlowly(db, a) })
	}},

	{"an update", 4, works, func(ctx context.Context, h *hammer, a seeded) error {
		return h.way.update(ctx, a, func(in func(postgres.Session) *gorm.DB) error {
			return errors.Join(h.change(in(writing(a))), h.look(in(of(a)), a))
		})
	}},
	{"an update that changes its mind", 2, fails, func(ctx context.Context, h *hammer, a seeded) error {
		return h.way.update(ctx, a, func(in func(postgres.Session) *gorm.DB) error {
			return errors.Join(h.change(in(writing(a))), errors.New("no"))
		})
	}},
	{"an update that panics", 2, fails, func(ctx context.Context, h *hammer, a seeded) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return h.way.update(ctx, a, func(in func(postgres.Session) *gorm.DB) error {
			if err := h.look(in(of(a)), a); err != nil {
				return nil // it has to panic to fail
			}
			panic("no")
		})
	}},
	{"an update that takes too long", 1, fails, func(ctx context.Context, h *hammer, a seeded) error {
		return h.way.update(ctx, a, func(in func(postgres.Session) *gorm.DB) error {
			if err := in(of(a)).Exec(`SET LOCAL statement_timeout = 2`).Error; err != nil {
				return nil // it has to take too long to fail
			}
			return in(of(a)).Exec(`SELECT pg_sleep(5) FROM app.workspaces`).Error
		})
	}},
	{"an update whose caller gives up", 1, givesUp, func(ctx context.Context, h *hammer, a seeded) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		return h.way.update(ctx, a, func(in func(postgres.Session) *gorm.DB) error {
			time.AfterFunc(time.Duration(rand.Int64N(int64(4*time.Millisecond))), cancel)
			return errors.Join(h.look(in(of(a)), a), h.lookSlowly(in(of(a)), a))
		})
	}},
	{"an update of two tenants and a person", 2, works, func(ctx context.Context, h *hammer, a seeded) error {
		b := h.anyTenant()
		return h.way.update(ctx, a, func(in func(postgres.Session) *gorm.DB) error {
			return errors.Join(
				h.look(in(of(a)), a), h.look(in(of(b)), b), h.lookWithout(in(postgres.Session{})),
				h.lookAround(in(postgres.Session{User: domain.UserID(b.owner)}), b.owner, 1), h.look(in(of(a)), a),
			)
		})
	}},
	{"an update that goes back to a savepoint", 1, works, func(ctx context.Context, h *hammer, a seeded) error {
		b := h.anyTenant()
		return h.way.update(ctx, a, func(in func(postgres.Session) *gorm.DB) error {
			_ = in(of(a)).Transaction(func(*gorm.DB) error { return errors.Join(h.look(in(of(b)), b), errors.New("no")) })
			return errors.Join(h.look(in(of(b)), b), h.look(in(of(a)), a))
		})
	}},
}

func writing(a seeded) postgres.Session {
	s := of(a)
	s.Writes = true
	return s
}

// anyRequest chooses one by its weight.
func anyRequest() request {
	total := 0
	for _, r := range requests {
		total += r.weight
	}
	n := rand.IntN(total)
	for _, r := range requests {
		if n -= r.weight; n < 0 {
			return r
		}
	}
	panic("unreachable")
}

// look reads all workspaces, without a condition.
func (h *hammer) look(db *gorm.DB, a seeded) error {
	var found []string
	err := db.Raw(`SELECT organization_id FROM app.workspaces`).Scan(&found).Error
	return h.compare(found, err, a.organization, hammerWorkspaces)
}

// lookSlowly is look while somebody may give up.
func (h *hammer) lookSlowly(db *gorm.DB, a seeded) error {
	var found []string
	err := db.Raw(`SELECT organization_id FROM app.workspaces, pg_sleep(0.001)`).Scan(&found).Error
	return h.compare(found, err, a.organization, hammerWorkspaces)
}

func (h *hammer) lookWithout(db *gorm.DB) error {
	var found []string
	err := db.Raw(`SELECT organization_id FROM app.workspaces UNION ALL SELECT organization_id FROM app.memberships`).Scan(&found).Error
	h.stray.Add(int64(len(found)))
	return err
}

// lookAround reads all memberships, without a condition.
func (h *hammer) lookAround(db *gorm.DB, user string, memberships int) error {
	var found []string
	err := db.Raw(`SELECT user_id FROM app.memberships`).Scan(&found).Error
	return h.compare(found, err, user, memberships)
}

// change changes all workspaces, without a condition.
func (h *hammer) change(db *gorm.DB) error {
	changed := db.Exec(`UPDATE app.workspaces SET version = version + 1`)
	if changed.Error == nil {
		h.foreign.Add(max(changed.RowsAffected-hammerWorkspaces, 0))
		if changed.RowsAffected < hammerWorkspaces {
			h.incomplete.Add(1)
		}
	}
	return changed.Error
}

// compare counts an answer.
func (h *hammer) compare(found []string, err error, mine string, want int) error {
	own := 0
	for _, id := range found {
		switch id {
		case mine:
			own++
		case "": // nothing came, since somebody gave up
		default:
			h.foreign.Add(1)
		}
	}
	if err != nil {
		return err
	}
	if own == want {
		h.complete.Add(1)
	} else {
		h.incomplete.Add(1)
	}
	return nil
}
