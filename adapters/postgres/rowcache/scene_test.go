package rowcache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowhouse/adapters/postgres/pgtest"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// noon is when everything was made.
var noon = time.Date(2030, time.May, 1, 12, 0, 0, 0, time.UTC)

// unit is one of many that are alike, and known by their numbers: an
// organization with an owner and a member, and a guest who is in none. The
// member is signed in twice, the others once.
type unit int

func id[ID ~string](kind int, u unit) ID {
	return ID(fmt.Sprintf("%08x-0000-7000-8000-%012x", kind, int(u)))
}

func (u unit) owner() domain.UserID                { return id[domain.UserID](1, u) }
func (u unit) member() domain.UserID               { return id[domain.UserID](2, u) }
func (u unit) guest() domain.UserID                { return id[domain.UserID](3, u) }
func (u unit) organization() domain.OrganizationID { return id[domain.OrganizationID](4, u) }
func (u unit) ownership() domain.MembershipID      { return id[domain.MembershipID](5, u) }
func (u unit) membership() domain.MembershipID     { return id[domain.MembershipID](6, u) }
func (u unit) newMembership() domain.MembershipID  { return id[domain.MembershipID](7, u) }
func (u unit) subscription() domain.SubscriptionID { return id[domain.SubscriptionID](8, u) }
func (u unit) workspace() domain.WorkspaceID       { return id[domain.WorkspaceID](9, u) }
func (u unit) newWorkspace() domain.WorkspaceID    { return id[domain.WorkspaceID](10, u) }
func (u unit) slug() domain.Slug                   { return domain.Slug(fmt.Sprintf("unit-%d", int(u))) }

func (u unit) oldSlug() domain.Slug { return domain.Slug(fmt.Sprintf("old-unit-%d", int(u))) }

func (u unit) email(who string) domain.Email {
	return domain.Email(fmt.Sprintf("%s-%d@example.com", who, int(u)))
}

func (u unit) passwordHash() domain.PasswordHash {
	return domain.PasswordHash(fmt.Sprintf("password-of-%d", int(u)))
}

func (u unit) token(who string) domain.TokenHash {
	return domain.Token(fmt.Sprintf("%s-%d", who, int(u))).Hash()
}
func (u unit) in(store ports.Repositories) ports.Tenant { return store.Tenant(u.organization()) }

// session returns a session as it is stored: of the "owner", the "member", the
// "member" once "more", or the "guest".
func (u unit) session(who string) domain.Session {
	kinds := map[string]int{"owner": 11, "member": 12, "more": 13, "guest": 14}
	users := map[string]domain.UserID{"owner": u.owner(), "member": u.member(), "more": u.member(), "guest": u.guest()}
	return domain.Session{
		ID: id[domain.SessionID](kinds[who], u), User: users[who], Token: u.token(who), UserAgent: "Browser/1.0", IP: "::1",
		CreatedAt: noon, LastSeenAt: noon,
	}
}

// organizationRow returns the organization as it is stored.
func (u unit) organizationRow() domain.Organization {
	return domain.Organization{
		ID: u.organization(), Owner: u.owner(), Name: "Unit", Slug: u.slug(), BillingEmail: u.email("billing"),
		MemberLimit: 10, WorkspaceLimit: 10, CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}
}

// invitation returns one to the guest that is not stored yet.
func (u unit) invitation() domain.Invitation {
	return domain.Invitation{
		ID: id[domain.InvitationID](15, u), Email: u.email("guest"), Role: domain.RoleMember, State: domain.InvitationPending, Inviter: u.owner(),
		Token: u.token("invitation"), Sent: 1, CreatedAt: noon, LastSentAt: noon, ExpiresAt: noon.Add(domain.InvitationLifetime),
	}
}

// membershipRow returns the member's membership as it is stored.
func (u unit) membershipRow() domain.Membership {
	return domain.Membership{ID: u.membership(), User: u.member(), Role: domain.RoleMember, CreatedAt: noon, UpdatedAt: noon, Version: 1}
}

// user returns a user as it is stored: the "owner", the "member" or the "guest".
func (u unit) user(who string) domain.User {
	users := map[string]domain.UserID{"owner": u.owner(), "member": u.member(), "guest": u.guest()}
	return domain.User{
		ID: users[who], Email: u.email(who), Name: who, PasswordHash: u.passwordHash(), CreatedAt: noon, UpdatedAt: noon,
	}
}

// plant is the SQL that makes the units from 0 to %d, past the adapter.
const plant = `
CREATE FUNCTION pg_temp.id(kind integer, u integer) RETURNS uuid LANGUAGE sql AS
    $$ SELECT (lpad(to_hex(kind), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(u), 12, '0'))::uuid $$;
CREATE TABLE pg_temp.units AS SELECT u, timestamptz '2030-05-01 12:00:00Z' AS noon FROM generate_series(0, %d) u;

INSERT INTO app.users (id, email, name, name_key, password_hash, created_at, updated_at)
SELECT pg_temp.id(kind, u), name || '-' || u || '@example.com', name, name, 'password-of-' || u, noon, noon
FROM units, (VALUES (1, 'owner'), (2, 'member'), (3, 'guest')) AS people (kind, name);

INSERT INTO app.sessions (id, token_hash, user_id, user_agent, ip, created_at, last_seen_at)
SELECT pg_temp.id(kind, u), sha256((name || '-' || u)::bytea), pg_temp.id(who, u), 'Browser/1.0', '::1', noon, noon
FROM units, (VALUES (11, 1, 'owner'), (12, 2, 'member'), (13, 2, 'more'), (14, 3, 'guest')) AS devices (kind, who, name);

INSERT INTO app.organizations (id, owner_id, name, slug, billing_email, member_limit, workspace_limit, seats_used, workspaces_used, created_at, updated_at)
SELECT pg_temp.id(4, u), pg_temp.id(1, u), 'Unit', 'unit-' || u, 'billing-' || u || '@example.com', 10, 10, 2, 1, noon, noon FROM units;

INSERT INTO app.memberships (organization_id, id, user_id, role, created_at, updated_at)
SELECT pg_temp.id(4, u), pg_temp.id(kind, u), pg_temp.id(who, u), role, noon, noon
FROM units, (VALUES (5, 1, 'owner'), (6, 2, 'member')) AS people (kind, who, role);

INSERT INTO app.organization_slugs (slug, organization_id, created_at, given_up_at)
SELECT 'unit-' || u, pg_temp.id(4, u), noon, NULL FROM units UNION ALL
SELECT 'old-unit-' || u, pg_temp.id(4, u), noon, noon FROM units;

INSERT INTO app.workspaces (organization_id, id, created_by, name, name_key, slug, visibility, is_default, created_at, updated_at)
SELECT pg_temp.id(4, u), pg_temp.id(9, u), pg_temp.id(1, u), 'General', 'general', 'general', 'open', true, noon, noon FROM units;

INSERT INTO app.subscriptions (organization_id, id, plan, status, current_period_start, current_period_end, created_at, updated_at)
SELECT pg_temp.id(4, u), pg_temp.id(8, u), 'free', 'free', noon, noon, noon, noon FROM units`

// planted returns a database with units from 0 on, and the superuser's
// connection to it.
func planted(t *testing.T, units int) (*pgtest.Database, *pgx.Conn) {
	t.Helper()
	d := pgtest.New(t)
	c := d.Connect(t, pgtest.Superuser)
	must(t, c, fmt.Sprintf(plant, units-1))
	return d, c
}

func must(t *testing.T, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// none is what is read of something that is not there.
const none = "none"

// orNone makes a text of what was read.
func orNone(text string, err error) (string, error) {
	if errors.Is(err, domain.ErrNotFound) {
		return none, nil
	}
	return text, err
}

// sessionOf reads a session of the unit, and who its user is.
func (u unit) sessionOf(ctx context.Context, store ports.Store, who string) (string, error) {
	session, user, err := store.Sessions().ByToken(ctx, u.token(who))
	text := user.Name
	if !session.SudoAt.IsZero() {
		text += " with sudo"
	}
	return orNone(text, err)
}

// actor reads what the member is in the organization that ref names.
func (u unit) actor(ctx context.Context, store ports.Store, ref string) (string, error) {
	actor, err := store.Directory().Actor(ctx, u.member(), ref)
	text := string(actor.Role)
	if actor.Suspended {
		text += ", suspended"
	}
	return orNone(text, err)
}

// detail reads the organization.
func (u unit) detail(ctx context.Context, store ports.Store) (string, error) {
	d, err := u.in(store).Organization().Detail(ctx)
	return orNone(describe(d), err)
}

func describe(d domain.OrganizationDetail) string {
	text := fmt.Sprintf("%s of %s, %s, %d members, %d invited, %d workspaces", d.Name, d.OwnerName, d.Plan, d.Members, d.PendingInvitations, d.Workspaces)
	if d.Suspended() {
		text += ", suspended"
	}
	return text
}

// asPlanted is what detail reads at first.
const asPlanted = "Unit of owner, free, 2 members, 0 invited, 1 workspaces"

// edited is asPlanted with a change.
func edited(from, to string) string { return strings.Replace(asPlanted, from, to, 1) }
