package rowcache_test

import (
	"context"
	"fmt"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// operation changes something of a unit, through a store or by hand.
type operation struct {
	name string
	// plan makes of what is what will be, and reports whether that is possible.
	plan func(w *truth, n int) bool
	call func(ctx context.Context, store ports.Store, u unit, w *truth) error
	sql  string // {u} is the unit's number
	args func(u unit, w truth) []any
}

var noArguments = func(unit, truth) []any { return nil }

// others is how many units there are, and as many again, to which addresses go.
const others = 6

var operations = []operation{
	{
		"sign in", func(w *truth, _ int) bool {
			was := w.session
			w.session = "plain"
			w.sessions++
			return was == none
		},
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return s.Sessions().Add(ctx, u.sessionAfter(w.sessions))
		},
		"", nil,
	},
	{
		"sign out", func(w *truth, _ int) bool { was := w.session; w.session = none; return was != none },
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return s.Sessions().Remove(ctx, u.member(), u.sessionAfter(w.sessions).ID)
		},
		`DELETE FROM app.sessions WHERE id = $1`, sessionID,
	},
	{
		"give the password", func(w *truth, _ int) bool { was := w.session; w.session = "sudo"; return was == "plain" },
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return editSession(ctx, s, u.sessionAfter(w.sessions), func(session *domain.Session) { session.SudoAt = noon })
		},
		`UPDATE app.sessions SET sudo_at = now() WHERE id = $1`, sessionID,
	},
	{
		"rename the member", func(w *truth, n int) bool { w.member = fmt.Sprint("member ", n); return true },
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return editUser(ctx, s, u.user("member"), func(user *domain.User) { user.Name = w.member })
		},
		`UPDATE app.users SET name = $1 WHERE email = 'member-{u}@example.com'`, func(_ unit, w truth) []any { return []any{w.member} },
	},
	{
		"rename the owner", func(w *truth, n int) bool { w.owner = fmt.Sprint("owner ", n); return true },
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return editUser(ctx, s, u.user("owner"), func(user *domain.User) { user.Name = w.owner })
		},
		`UPDATE app.users SET name = $1 WHERE email = 'owner-{u}@example.com'`, func(_ unit, w truth) []any { return []any{w.owner} },
	},
	{
		"promote", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role = domain.RoleAdmin
			return was == domain.RoleMember
		},
		saveMembership, `UPDATE app.memberships SET role = 'admin' WHERE user_id = (SELECT id FROM app.users WHERE email = 'member-{u}@example.com')`, noArguments,
	},
	{
		"demote", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role = domain.RoleMember
			return was == domain.RoleAdmin
		},
		saveMembership, `UPDATE app.memberships SET role = 'member' WHERE user_id = (SELECT id FROM app.users WHERE email = 'member-{u}@example.com')`, noArguments,
	},
	{
		"remove the member", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role = none
			w.organization.Members--
			return was != none
		},
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return u.in(s).Memberships().Remove(ctx, u.membership())
		},
		"", nil,
	},
	{
		"add the member", func(w *truth, _ int) bool {
			was := w.membership.Role
			w.membership.Role, w.membership.Version = domain.RoleMember, 1
			w.organization.Members++
			return was == none
		},
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			return u.in(s).Memberships().Add(ctx, w.membership)
		},
		"", nil,
	},
	{
		"suspend or not", func(w *truth, _ int) bool {
			if w.organization.Suspended() {
				w.organization.SuspendedAt = time.Time{}
			} else {
				w.organization.SuspendedAt = noon
			}
			return true
		}, saveOrganization,
		`UPDATE app.organizations SET suspended_at = CASE WHEN suspended_at IS NULL THEN timestamptz '2030-05-01 12:00:00Z' END WHERE slug = 'unit-{u}'`, noArguments,
	},
	{
		"rename the organization", func(w *truth, n int) bool { w.organization.Name = fmt.Sprint("Unit ", n); return true }, saveOrganization,
		`UPDATE app.organizations SET name = $1 WHERE slug = 'unit-{u}'`, func(_ unit, w truth) []any { return []any{w.organization.Name} },
	},
	{
		"add a workspace", func(w *truth, _ int) bool { w.organization.Workspaces++; return w.organization.Workspaces == 2 },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return u.in(s).Workspaces().Add(ctx, newWorkspace(u))
		},
		"", nil,
	},
	{
		"remove a workspace", func(w *truth, _ int) bool { w.organization.Workspaces--; return w.organization.Workspaces == 1 },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return u.in(s).Workspaces().Remove(ctx, u.newWorkspace())
		},
		"", nil,
	},
	{
		"change the plan", func(w *truth, n int) bool {
			was := w.plan
			w.plan = domain.Plans[n%len(domain.Plans)].Tier
			return was != w.plan
		},
		func(ctx context.Context, s ports.Store, u unit, w *truth) error {
			subscription := domain.NewFreeSubscription(u.subscription(), noon)
			subscription.Plan = w.plan
			return u.in(s).Subscription().Save(ctx, subscription)
		},
		`UPDATE app.subscriptions SET plan = $1 WHERE organization_id = (SELECT id FROM app.organizations WHERE slug = 'unit-{u}')`,
		func(_ unit, w truth) []any { return []any{string(w.plan)} },
	},
	{
		"give the slug away", func(w *truth, _ int) bool { was := w.moved; w.moved = true; return !was },
		func(ctx context.Context, s ports.Store, u unit, _ *truth) error {
			return s.Slugs().Claim(ctx, (u + others).organization(), u.oldSlug(), noon.Add(domain.SlugReservation))
		},
		`UPDATE app.organization_slugs SET organization_id = (SELECT id FROM app.organizations WHERE slug = 'unit-' || {u} + 6) WHERE slug = 'old-unit-{u}'`, noArguments,
	},
	{
		"take the slug back", func(w *truth, _ int) bool { was := w.moved; w.moved = false; return was },
		nil,
		`UPDATE app.organization_slugs SET given_up_at = timestamptz '2030-05-01 12:00:00Z', organization_id = (SELECT id FROM app.organizations WHERE slug = 'unit-{u}') WHERE slug = 'old-unit-{u}'`, noArguments,
	},
}

func sessionID(u unit, w truth) []any { return []any{u.sessionAfter(w.sessions).ID} }

func saveMembership(ctx context.Context, s ports.Store, u unit, w *truth) (err error) {
	w.membership, err = u.in(s).Memberships().Save(ctx, w.membership)
	return err
}

func saveOrganization(ctx context.Context, s ports.Store, u unit, w *truth) (err error) {
	w.organization, err = u.in(s).Organization().Save(ctx, w.organization)
	return err
}
