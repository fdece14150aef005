package service_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
)

// database is a connection of its own, for one at a time.
type database struct {
	count func(sql string) (int, error)
	exec  func(sql string) error
}

func connect(t *testing.T, d *pgtest.Database) database {
	t.Helper()
	var mu sync.Mutex
	conn := d.Connect(t, pgtest.Superuser)
	return database{
		count: func(sql string) (number int, err error) {
			mu.Lock()
			defer mu.Unlock()
			err = conn.QueryRow(t.Context(), sql).Scan(&number)
			return number, err
		},
		exec: func(sql string) error {
			mu.Lock()
			defer mu.Unlock()
			_, err := conn.Exec(t.Context(), sql)
			return err
		},
	}
}

// lookThenAct is how somebody writes it who has not heard of races: all n look
// first, over two connections that know nothing of each other, and act on what
// they saw if it is less than enough, one after the other. It returns how many
// acted.
func lookThenAct(t *testing.T, d *pgtest.Database, n int, look string, enough int, act func(i int) string) (acted int) {
	t.Helper()
	two := []database{connect(t, d), connect(t, d)}
	var looked sync.WaitGroup
	var turn sync.Mutex
	looked.Add(n)
	for _, did := range atOnce(t, n, func(i int) (bool, error) {
		seen, err := two[i%len(two)].count(look)
		looked.Done()
		looked.Wait()
		if err != nil || seen >= enough {
			return false, err
		}
		turn.Lock()
		defer turn.Unlock()
		return true, two[i%len(two)].exec(act(i))
	}) {
		if did {
			acted++
		}
	}
	return acted
}

func TestRacesOverTwoProcesses_Control(t *testing.T) {
	t.Parallel()
	t.Run("who counts first and inserts later takes more than the last workspace", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		owner := newPeople(t, d).newcomer(t, "Racer", serve(t, newEnvironment(t, d)))
		id := owner.found(t, "Race")
		owner.do(t, http.StatusCreated, http.MethodPost, "/organizations/"+id+"/workspaces", M{"name": "The second of three"})
		got := lookThenAct(t, d, racers, `SELECT count(*) FROM app.workspaces WHERE organization_id = '`+id+`'`, 3, func(i int) string {
			return fmt.Sprintf(`INSERT INTO app.workspaces (organization_id, id, created_by, name, name_key, slug, visibility, created_at, updated_at)
				VALUES ('%s', '%s', '%[2]s', 'x', 'x', 'x-%d', 'open', now(), now())`, id, newID(), i)
		})
		if got <= 1 {
			t.Errorf("%d got the last workspace: the race finds nothing", got)
		}
	})
	t.Run("who asks first and claims later gives one address to many", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		lookThenAct(t, d, founders, `SELECT count(*) FROM app.organization_slugs WHERE slug = 'acme'`, 1, func(int) string {
			return fmt.Sprintf(`INSERT INTO app.organization_slugs (slug, organization_id, created_at)
				VALUES ('acme', '%s', now()) ON CONFLICT DO NOTHING`, newID())
		})
		if got, err := connect(t, d).count(`SELECT count(*) FROM app.organization_slugs`); err != nil || got == founders {
			t.Errorf("%d addresses, %v: the race finds nothing", got, err)
		}
	})
	t.Run("who asks for the owner first hands over twice", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		p := newPeople(t, d)
		id := p.newcomer(t, "Olga", serve(t, newEnvironment(t, d))).found(t, "Acme")
		var heirs []string
		for range 2 {
			heir := p.add(t, "Heir")
			if _, err := p.join(t.Context(), id, heir, domain.RoleAdmin); err != nil {
				t.Fatal(err)
			}
			heirs = append(heirs, string(heir))
		}
		owns := `SELECT count(*) FROM app.memberships WHERE role = 'owner' AND user_id IN ('` + strings.Join(heirs, "', '") + `')`
		got := lookThenAct(t, d, len(heirs), owns, 1, func(i int) string {
			return fmt.Sprintf(`BEGIN;
				UPDATE app.memberships SET role = 'admin' WHERE role = 'owner';
				UPDATE app.memberships SET role = 'owner' WHERE user_id = '%[1]s';
				UPDATE app.organizations SET owner_id = '%[1]s';
				COMMIT`, heirs[i])
		})
		if got < 2 {
			t.Errorf("%d handed over: the race finds nothing", got)
		}
	})
	t.Run("who looks first and counts later lets everybody guess", func(t *testing.T) {
		t.Parallel()
		d := pgtest.New(t)
		got := lookThenAct(t, d, guesses, `SELECT coalesce(sum(count), 0) FROM app.throttles`, int(domain.ThrottlePasswords.Free), func(int) string {
			return `INSERT INTO app.throttles AS t (key, count, latest_at, ends_at) VALUES ('victim', 1, now(), now()) ON CONFLICT (key) DO UPDATE SET count = t.count + 1`
		})
		if got <= allowedWithin(0) {
			t.Errorf("%d were looked at: the race finds nothing", got)
		}
	})
}
