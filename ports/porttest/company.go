package porttest

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// company is an organization as found leaves it.
type company struct {
	id           domain.OrganizationID
	slug         domain.Slug
	owner        domain.User
	membership   domain.MembershipID // the owner's
	workspace    domain.WorkspaceID  // the default one, open
	subscription domain.SubscriptionID
}

// scope is what an update of the company names.
func (c company) scope() ports.Scope { return ports.Of(c.id) }

// in returns the company's data.
func (c company) in(repositories ports.Repositories) ports.Tenant { return repositories.Tenant(c.id) }

// founder makes what tests need in a store, each different from the ones
// before.
type founder struct {
	ids   ports.IDs
	store ports.Store
}

// newUser returns a user who is not stored yet. No field is empty.
func (f founder) newUser(name string) domain.User {
	id := f.ids.New()
	return domain.User{
		ID: domain.UserID(id), Name: name,
		Email:           domain.Email(id + "@example.com"),
		Avatar:          domain.NewUserBlobKey(domain.UserID(id), newID[string](f.ids)),
		PasswordHash:    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
		EmailVerifiedAt: noon.Add(1000), IsOperator: true,
		CreatedAt: noon, UpdatedAt: noon.Add(2000),
	}
}

// addUser stores a new user.
func (f founder) addUser(ctx context.Context, name string) (domain.User, error) {
	user := f.newUser(name)
	return user, f.store.Users().Add(ctx, user)
}

// found stores a whole organization of an owner, as the core does it: in one
// update. limits is how many members and workspaces it can have.
func (f founder) found(ctx context.Context, owner domain.User, limits domain.Limits) (company, error) {
	id := f.ids.New()
	c := company{
		id: domain.OrganizationID(id), slug: domain.Slug("company-" + id), owner: owner,
		membership: newID[domain.MembershipID](f.ids), workspace: newID[domain.WorkspaceID](f.ids),
		subscription: newID[domain.SubscriptionID](f.ids),
	}
	return c, f.store.Update(ctx, ports.Scope{Organization: c.id, User: owner.ID}, func(tx ports.Repositories) error {
		if err := tx.Slugs().Claim(ctx, c.id, c.slug, noon); err != nil {
			return err
		}
		tenant := c.in(tx)
		if err := tenant.Organization().Add(ctx, c.newOrganization(limits)); err != nil {
			return err
		}
		if err := tenant.Memberships().Add(ctx, c.newOwner()); err != nil {
			return err
		}
		if err := tenant.Workspaces().Add(ctx, c.newDefaultWorkspace()); err != nil {
			return err
		}
		subscription := domain.NewFreeSubscription(c.subscription, noon)
		if err := tenant.Subscription().Add(ctx, subscription); err != nil {
			return err
		}
		return tenant.Usage().Put(ctx, domain.NewUsagePeriod(limits, subscription.UsagePeriod(noon), 0, noon))
	})
}

func (c company) newOrganization(limits domain.Limits) domain.Organization {
	return domain.Organization{
		ID: c.id, Owner: c.owner.ID, Name: "Company", Slug: c.slug, Description: "Makes things.\nAnd sells them.",
		Logo: domain.NewOrganizationBlobKey(c.id, string(c.workspace)), LogoBytes: 1 << 19, BillingEmail: "billing@example.com",
		CreatedAt: noon, UpdatedAt: noon, Version: 1,
		MemberLimit: limits.Members, WorkspaceLimit: limits.Workspaces,
	}
}

func (c company) newOwner() domain.Membership {
	return domain.Membership{
		ID: c.membership, User: c.owner.ID, Role: domain.RoleOwner, CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}
}

func (c company) newDefaultWorkspace() domain.Workspace {
	return domain.Workspace{
		ID: c.workspace, Name: domain.DefaultWorkspaceName, Slug: "general", Description: "For everything.",
		Visibility: domain.VisibilityOpen, IsDefault: true, CreatedBy: c.owner.ID,
		CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}
}

// newMembership returns a membership that is not stored yet, as if the owner
// had invited the user.
func (f founder) newMembership(c company, user domain.UserID, role domain.Role) domain.Membership {
	return domain.Membership{
		ID: newID[domain.MembershipID](f.ids), User: user, Role: role, InvitedBy: c.owner.ID,
		CreatedAt: noon, UpdatedAt: noon.Add(3000), Version: 1,
	}
}

// newInvitation returns an invitation that is not stored yet, by the owner. No
// field is empty but the time of a response.
func (f founder) newInvitation(c company, email domain.Email, role domain.Role) domain.Invitation {
	return domain.Invitation{
		ID: newID[domain.InvitationID](f.ids), Email: email, Role: role, State: domain.InvitationPending, Inviter: c.owner.ID,
		Token: newToken(f.ids), Sent: 3, Resends: 2,
		CreatedAt: noon, LastSentAt: noon.Add(7000), ExpiresAt: noon.Add(domain.InvitationLifetime),
	}
}

// newJob returns a job that is not recorded yet; the organization may be "".
func (f founder) newJob(organization domain.OrganizationID, kind domain.JobKind) domain.Job {
	id := newID[domain.JobID](f.ids)
	return domain.NewJob(id, organization, kind, map[string]string{"number": string(id)}, noon)
}

// newWorkspace returns a workspace that is not stored yet, made by the owner.
func (f founder) newWorkspace(c company, name string, visibility domain.Visibility) domain.Workspace {
	id := f.ids.New()
	return domain.Workspace{
		ID: domain.WorkspaceID(id), Name: name, Slug: slugOf(domain.WorkspaceID(id)),
		Description: "Number " + id, Visibility: visibility, CreatedBy: c.owner.ID,
		CreatedAt: noon, UpdatedAt: noon.Add(4000), Version: 1,
	}
}

// slugOf returns the slug that newWorkspace gives.
func slugOf(id domain.WorkspaceID) domain.Slug { return "workspace-" + domain.Slug(id) }
