package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var organizationTests = []storeTest{
	{"an organization comes back as stored, with its counts", testOrganizationRoundTrip},
	{"an organization's detail has its owner's name and its plan", testOrganizationDetail},
	{"a new organization starts at version 1 with nothing counted", testOrganizationStart},
	{"an organization exists once", testOrganizationOnce},
	{"an unknown organization is not found", testOrganizationUnknown},
	{"a removed organization is gone with everything, and no other", testOrganizationRemove},
}

var organizationVersionTests = []storeTest{
	{"a saved organization is replaced, its counts aside", testOrganizationSave},
	{"an old version of an organization cannot be saved", testOrganizationVersion},
}

func testOrganizationRoundTrip(t *testing.T, s *scene) {
	want := s.acme.newOrganization(roomy)
	want.Members, want.PendingInvitations, want.Workspaces = 3, 1, 2
	got, err := s.acme.in(s.store).Organization().Get(t.Context())
	s.must(err)
	wantEqual(t, "Get", got, want)
}

func testOrganizationDetail(t *testing.T, s *scene) {
	ctx, tenant := t.Context(), s.globex.in(s.store)
	organization, err := tenant.Organization().Get(ctx)
	s.must(err)
	detail, err := tenant.Organization().Detail(ctx)
	s.must(err)
	wantEqual(t, "Detail", detail, domain.OrganizationDetail{Organization: organization, OwnerName: "Hedy", Plan: domain.TierFree})

	renamed := s.hedy
	renamed.Name = "Hedwig"
	s.must(s.store.Users().Save(ctx, renamed))
	detail, err = tenant.Organization().Detail(ctx)
	s.must(err)
	wantEqual(t, "the owner's new name", detail.OwnerName, "Hedwig")
}

func testOrganizationStart(t *testing.T, s *scene) {
	ctx, id := t.Context(), newID[domain.OrganizationID](s.ids)
	want := domain.Organization{
		ID: id, Owner: s.ada.ID, Name: "Claims much", Slug: "claims-much", CreatedAt: noon, UpdatedAt: noon,
		MemberLimit: domain.Unlimited, WorkspaceLimit: 3, SuspendedAt: noon.Add(time.Hour),
	}
	given := want
	given.Version, given.Members, given.PendingInvitations, given.Workspaces = 7, 40, 60, 50
	want.Version = 1
	err := s.store.Update(ctx, ports.Of(id), func(tx ports.Repositories) error {
		organization := tx.Tenant(id).Organization()
		s.must(tx.Slugs().Claim(ctx, id, given.Slug, noon))
		s.must(organization.Add(ctx, given))
		got, err := organization.Get(ctx)
		s.must(err)
		wantEqual(t, "Get", got, want)
		return errBoom // it would not be whole
	})
	wantError(t, "Update", err, errBoom)
}

func testOrganizationOnce(t *testing.T, s *scene) {
	before, again := s.state(), s.acme.newOrganization(roomy)
	again.Name, again.Slug = "Again", "acme-again"
	wantAnyError(t, "Add of an organization that is there", s.acme.in(s.store).Organization().Add(t.Context(), again))
	wantSame(t, "the store", s.state(), before)
}

func testOrganizationUnknown(t *testing.T, s *scene) {
	ctx, unknown := t.Context(), s.acme.newOrganization(roomy)
	unknown.ID, unknown.Slug = newID[domain.OrganizationID](s.ids), "unknown"
	tenant := s.store.Tenant(unknown.ID)
	_, err := tenant.Organization().Get(ctx)
	wantError(t, "Get", err, domain.ErrNotFound)
	_, err = tenant.Organization().Detail(ctx)
	wantError(t, "Detail", err, domain.ErrNotFound)
	_, err = tenant.Organization().Save(ctx, unknown)
	wantError(t, "Save", err, domain.ErrNotFound)
	_, err = tenant.Organization().Get(ctx)
	wantError(t, "Get after Save", err, domain.ErrNotFound)
}

func testOrganizationSave(t *testing.T, s *scene) {
	ctx, organization := t.Context(), s.acme.in(s.store).Organization()
	want := domain.Organization{
		ID: s.acme.id, Owner: s.grace.ID, Name: "Ünïcödé 🦉", Slug: "acme-two", Description: "New.",
		Logo: domain.NewOrganizationBlobKey(s.acme.id, s.ids.New()), LogoBytes: 1 << 18, BillingEmail: "new@example.com",
		SuspendedAt: noon.Add(time.Minute),
		CreatedAt:   noon, UpdatedAt: noon.Add(time.Hour), Version: 1,
		MemberLimit: 3, WorkspaceLimit: domain.Unlimited, Members: 100, PendingInvitations: 100, Workspaces: 0,
	}
	globex := s.tenantState(s.globex)
	s.claim(s.acme, want.Slug, noon)
	var saved domain.Organization
	s.update(s.acme, func(tx ports.Repositories) (err error) {
		s.promoteGrace(ctx, tx)
		saved, err = s.acme.in(tx).Organization().Save(ctx, want)
		return err
	})
	want.Version, want.Members, want.PendingInvitations, want.Workspaces = 2, 3, 1, 2
	wantEqual(t, "Save", saved, want)
	got, err := organization.Get(ctx)
	s.must(err)
	wantEqual(t, "Get", got, want)
	wantSame(t, "globex", s.tenantState(s.globex), globex)

	// The new limits are the ones that count.
	tooMany := s.newMembership(s.acme, s.hedy.ID, domain.RoleMember)
	wantLimit(t, "Add beyond the new limit", s.acme.in(s.store).Memberships().Add(ctx, tooMany), domain.ErrMemberLimitReached, 3, 3)

	want.Description, want.Logo, want.LogoBytes, want.BillingEmail, want.SuspendedAt = "", "", 0, "", time.Time{}
	saved, err = organization.Save(ctx, want)
	s.must(err)
	want.Version = 3
	wantEqual(t, "Save again", saved, want)
}

func testOrganizationVersion(t *testing.T, s *scene) {
	ctx, organization := t.Context(), s.acme.in(s.store).Organization()
	old, err := organization.Get(ctx)
	s.must(err)
	current, err := organization.Save(ctx, old)
	s.must(err)
	before := s.state()
	for _, version := range []int64{old.Version, current.Version + 1, 0} {
		stale := old
		stale.Name, stale.Version = "Stale", version
		_, err := organization.Save(ctx, stale)
		wantError(t, "Save of another version", err, domain.ErrPreconditionFailed)
	}
	wantSame(t, "the store", s.state(), before)

	// Counting is no change of the organization.
	s.member(s.acme, s.user("Eve"), domain.RoleMember)
	s.workspace(s.acme, "New", domain.VisibilityOpen)
	s.invitation(s.acme, "new@example.com", domain.RoleMember)
	saved, err := organization.Save(ctx, current)
	s.must(err)
	wantEqual(t, "members", saved.Members, 4)
	wantEqual(t, "pending invitations", saved.PendingInvitations, 2)
	wantEqual(t, "workspaces", saved.Workspaces, 3)
	wantEqual(t, "version", saved.Version, 3)
}

func testOrganizationRemove(t *testing.T, s *scene) {
	ctx, tenant := t.Context(), s.acme.in(s.store)
	globex, sessions := s.tenantState(s.globex), s.userState(s.ada.ID).Sessions
	s.must(tenant.Organization().Remove(ctx))

	_, err := tenant.Organization().Get(ctx)
	wantError(t, "Get", err, domain.ErrNotFound)
	_, err = tenant.Memberships().Get(ctx, s.linusAtAcme)
	wantError(t, "Get of a member", err, domain.ErrNotFound)
	_, err = tenant.Workspaces().Get(ctx, everything, s.secret)
	wantError(t, "Get of a workspace", err, domain.ErrNotFound)
	_, err = tenant.Subscription().Get(ctx)
	wantError(t, "Get of the subscription", err, domain.ErrNotFound)
	usage, err := tenant.Usage().At(ctx, noon)
	s.must(err)
	wantItems(t, "usage", usage, nil)
	members, err := tenant.Memberships().List(ctx, ports.MemberFilter{}, all)
	s.must(err)
	wantItems(t, "members", members.Items, nil)
	workspaces, err := tenant.Workspaces().List(ctx, everything, all)
	s.must(err)
	wantItems(t, "workspaces", workspaces.Items, nil)
	wantItems(t, "invitations", s.invitations(s.acme, domain.InvitationPending, noon), nil)
	_, _, err = s.store.Directory().Invitation(ctx, s.guestOfAcme.Token)
	wantError(t, "Invitation", err, domain.ErrNotFound)
	wantItems(t, "invitations to the guest", receivedIDs(s.received(guest, noon)), []domain.InvitationID{s.guestOfGlobex.ID})
	for _, ref := range []string{string(s.acme.id), string(s.acme.slug)} {
		_, err = s.store.Directory().Actor(ctx, s.ada.ID, ref)
		wantError(t, "Actor", err, domain.ErrNotFound)
	}
	wantItems(t, "the owner's organizations", s.userState(s.ada.ID).Organizations, nil)
	wantEqual(t, "organizations of a member of both", len(s.userState(s.grace.ID).Organizations), 1)

	wantSame(t, "globex", s.tenantState(s.globex), globex)
	wantSame(t, "the owner's sessions", s.userState(s.ada.ID).Sessions, sessions)
	s.wantSlugTaken(s.globex, s.acme.slug, noon)
	s.must(s.store.Users().Remove(ctx, s.linus.ID))
}
