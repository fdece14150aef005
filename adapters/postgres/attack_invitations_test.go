package postgres_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
)

// in tries a statement without a condition in a session of one setting.
func (a attacker) in(t *testing.T, setting, value, sql string) string {
	t.Helper()
	tx, err := a.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	must(t, tx, `SELECT set_config($1, $2, true)`, setting, value)
	tag, err := tx.Exec(t.Context(), sql)
	if code, refused := codeOf(err); refused {
		return code
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return fmt.Sprintf("%d rows", tag.RowsAffected())
}

// tokenOfInvitation is the setting for the token that seed makes.
func tokenOfInvitation(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// The doors to invitations: each shows what it is for, to whom it is for, and
// lets nobody write.
func TestAttack_InvitationDoors(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	tenants := seed(t, d, 3, 2)
	// One that the guest has answered, and one to somebody else.
	d.Exec(t, `UPDATE app.invitations SET state = 'declined', responded_at = now() WHERE id = $1`, tenants[1].invitation)
	d.Exec(t, `UPDATE app.invitations SET email = 'else@example.com' WHERE id = $1`, tenants[2].invitation)
	for _, s := range tenants {
		defer unharmed(t, d, s)()
	}
	app := attacker{d.Connect(t, postgres.RoleApp), postgres.RoleApp}
	worker := attacker{d.Connect(t, postgres.RoleWorker), postgres.RoleWorker}
	later, before := time.Now().Add(8*24*time.Hour).UTC().Format(time.RFC3339Nano), time.Now().UTC().Format(time.RFC3339Nano)
	for _, tt := range []struct {
		setting, value                     string
		invitations, tokens, organizations string // for the application
		runOut                             string // invitations for the worker
	}{
		{"app.email", guest, "2 rows", "0 rows", "1 rows", "0 rows"},
		{"app.email", "else@example.com", "1 rows", "0 rows", "1 rows", "0 rows"},
		{"app.email", "Guest@example.com", "0 rows", "0 rows", "0 rows", "0 rows"},
		{"app.email", "%", "0 rows", "0 rows", "0 rows", "0 rows"},
		{"app.email", "", "0 rows", "0 rows", "0 rows", "0 rows"},
		{"app.token_hash", tokenOfInvitation(tenants[0].invitation), "0 rows", "1 rows", "0 rows", "0 rows"},
		{"app.token_hash", tokenOfInvitation(nobody), "0 rows", "0 rows", "0 rows", "0 rows"},
		{"app.token_hash", "", "0 rows", "0 rows", "0 rows", "0 rows"},
		{"app.token_hash", "no' hexadecimal", "0 rows", "22023", "0 rows", "0 rows"},
		{"app.expired_at", later, "0 rows", "0 rows", "0 rows", "2 rows"},
		{"app.expired_at", before, "0 rows", "0 rows", "0 rows", "0 rows"},
		{"app.expired_at", "", "0 rows", "0 rows", "0 rows", "0 rows"},
		{"app.expired_at", "whenever", "0 rows", "0 rows", "0 rows", "22007"},
	} {
		session := fmt.Sprintf("session %s %q", tt.setting, tt.value)
		for sql, want := range map[string][2]string{
			`SELECT FROM app.invitations`:       {tt.invitations, tt.runOut},
			`SELECT FROM app.invitation_tokens`: {tt.tokens, "0 rows"},
			`SELECT FROM app.organizations`:     {tt.organizations, "0 rows"},
			`SELECT FROM app.memberships`:       {"0 rows", "0 rows"},
			`SELECT FROM app.workspaces`:        {"0 rows", "0 rows"},
			`SELECT FROM app.subscriptions`:     {"0 rows", "0 rows"},
		} {
			for i, by := range []attacker{app, worker} {
				if got := by.in(t, tt.setting, tt.value, sql); got != want[i] {
					t.Errorf("%s, %s: %s: %s, want %s", by.role, session, sql, got, want[i])
				}
			}
		}
		for _, sql := range []string{
			`UPDATE app.invitations SET role = 'admin'`, `DELETE FROM app.invitations`, `SELECT FROM app.invitations FOR UPDATE`,
			`DELETE FROM app.invitation_tokens`, `UPDATE app.organizations SET name = 'Mine'`,
		} {
			for _, by := range []attacker{app, worker} {
				if got := by.in(t, tt.setting, tt.value, sql); got != "0 rows" && got != "22007" && got != "22023" {
					t.Errorf("%s, %s: %s: %s, want 0 rows", by.role, session, sql, got)
				}
			}
		}
	}
}

// Whatever the application says, an invitation that is over is over.
func TestAttack_InvitationsThatAreOver(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	a := seed(t, d, 1, 2)[0]
	for _, role := range []string{postgres.RoleApp, postgres.RoleWorker, pgtest.Superuser} {
		by := attacker{d.Connect(t, role), role}
		for _, sql := range []string{
			`UPDATE app.invitations SET state = 'accepted'`, // since when?
			`UPDATE app.invitations SET responded_at = now()`,
			`UPDATE app.invitations SET state = 'lost', responded_at = now()`,
			`UPDATE app.invitations SET role = 'owner'`,
			`UPDATE app.invitations SET email = 'Guest@Example.com'`,
			`UPDATE app.organizations SET pending_invitations = -1`,
		} {
			if got := by.as(t, a.organization, "", sql); got != "23514" {
				t.Errorf("%q: %s: %s, want 23514", role, sql, got)
			}
		}
	}
	d.Exec(t, `UPDATE app.invitations SET state = 'declined', responded_at = now()`)
	for _, role := range []string{postgres.RoleApp, postgres.RoleWorker, pgtest.Superuser} {
		by := attacker{d.Connect(t, role), role}
		for _, sql := range []string{
			`UPDATE app.invitations SET state = 'pending', responded_at = NULL`,
			`UPDATE app.invitations SET state = 'accepted'`,
			`UPDATE app.invitations SET token_hash = 'x'`,
			`UPDATE app.invitations SET expires_at = now() + interval '1 year'`,
		} {
			if got := by.as(t, a.organization, "", sql); got != "23514" {
				t.Errorf("%q: %s: %s, want 23514", role, sql, got)
			}
		}
	}
}

// What leads to invitations leaves nothing behind on the connection.
func TestSession_OfInvitationsEnds(t *testing.T) {
	t.Parallel()
	d := pgtest.New(t)
	a := seed(t, d, 1, 2)[0]
	store := openOne(t, d)
	token := domain.TokenHash(sha256.Sum256([]byte(a.invitation)))
	for name, ask := range map[string]func() error{
		"Invitation": func() error { _, _, err := store.Directory().Invitation(t.Context(), token); return err },
		"InvitationsTo": func() error {
			return second(store.Directory().InvitationsTo(t.Context(), guest, time.Now(), page))
		},
		"InvitationTo": func() error {
			return second(store.Directory().InvitationTo(t.Context(), guest, domain.InvitationID(a.invitation)))
		},
		"ExpiredInvitations": func() error { return second(store.Directory().ExpiredInvitations(t.Context(), time.Now(), 1)) },
	} {
		if err := ask(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var left string
		if err := postgres.GORM(t.Context(), store, postgres.Session{}).Raw(`SELECT ` + sessionSettings).Scan(&left).Error; err != nil || left != "" {
			t.Errorf("%s leaves %q, %v", name, left, err)
		}
	}
}
