package organization

import (
	"context"
	"time"

	"rowhouse/core/domain"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// CreateInput is what Create needs to know.
type CreateInput struct {
	Name        string
	Slug        string // "" to make one from the name
	Description string
}

// Create founds an organization that the user owns, and provisions it in the
// same transaction: the owner's membership, a default workspace, the free
// subscription and this period's usage. All or nothing.
//
// It fails with domain.ErrSlugTaken only for a slug that the caller chose.
func (s *Service) Create(ctx context.Context, user domain.User, in CreateInput) (domain.MemberOrganization, error) {
	org, err := s.parse(user, in)
	if err != nil {
		return domain.MemberOrganization{}, err
	}
	actor := domain.Actor{
		User: user.ID, Organization: org.ID, Role: domain.RoleOwner,
		Membership: domain.MembershipID(s.ids.New()),
	}
	var created domain.MemberOrganization
	err = s.store.Update(ctx, ports.Of(org.ID), func(tx ports.Repositories) error {
		founded, tenant := org, tx.Tenant(org.ID) // a copy: it may be run again
		var err error
		if founded.Slug, err = s.claim(ctx, tx.Slugs(), org, in.Slug != ""); err != nil {
			return err
		}
		if err := s.provision(ctx, tenant, founded, actor); err != nil {
			return err
		}
		created, err = detail(ctx, tenant, actor)
		return err
	})
	return created, err
}

// parse checks the input and makes of it an organization on the free plan.
func (s *Service) parse(user domain.User, in CreateInput) (domain.Organization, error) {
	name, errName := domain.ParseName("name", in.Name)
	description, errDescription := domain.ParseDescription("description", in.Description)
	address, errSlug := s.slugs.From(name, "organization"), error(nil)
	if in.Slug != "" {
		address, errSlug = domain.ParseSlug(in.Slug)
	}
	if err := domain.JoinInvalid(errName, errSlug, errDescription); err != nil {
		return domain.Organization{}, err
	}
	limits := domain.PlanOf(domain.TierFree).Limits
	now := s.clock.Now()
	return domain.Organization{
		ID: domain.OrganizationID(s.ids.New()), Owner: user.ID,
		Name: name, Slug: address, Description: description, BillingEmail: user.Email,
		MemberLimit: limits.Members, WorkspaceLimit: limits.Workspaces,
		CreatedAt: now, UpdatedAt: now,
	}, nil
}

// claim takes the organization's address: exactly the chosen one, or the first
// free variant of the one that was made from the name.
func (s *Service) claim(ctx context.Context, slugs ports.Slugs, org domain.Organization, chosen bool) (domain.Slug, error) {
	claim := func(ctx context.Context, address domain.Slug) error {
		return slugs.Claim(ctx, org.ID, address, org.CreatedAt)
	}
	if chosen {
		return org.Slug, claim(ctx, org.Slug)
	}
	return slug.ClaimFree(ctx, org.Slug, takenAt(slugs, org.CreatedAt), claim, domain.ErrSlugTaken)
}

// provision stores the organization and everything that it starts with.
func (s *Service) provision(ctx context.Context, tenant ports.Tenant, org domain.Organization, owner domain.Actor) error {
	now := org.CreatedAt
	workspace := domain.Workspace{
		ID: domain.WorkspaceID(s.ids.New()), Name: domain.DefaultWorkspaceName,
		Slug: s.slugs.From(domain.DefaultWorkspaceName, "workspace"), Visibility: domain.VisibilityOpen,
		IsDefault: true, CreatedBy: owner.User, CreatedAt: now, UpdatedAt: now,
	}
	subscription := domain.NewFreeSubscription(domain.SubscriptionID(s.ids.New()), now)
	plan := domain.PlanOf(subscription.Plan)

	for _, step := range []func() error{
		func() error { return tenant.Organization().Add(ctx, org) },
		func() error {
			return tenant.Memberships().Add(ctx, domain.Membership{
				ID: owner.Membership, User: owner.User, Role: owner.Role, CreatedAt: now, UpdatedAt: now,
			})
		},
		func() error { return tenant.Workspaces().Add(ctx, workspace) },
		func() error {
			return tenant.Workspaces().AddMember(ctx, domain.WorkspaceMember{
				Workspace: workspace.ID, Membership: owner.Membership, AddedBy: owner.User, CreatedAt: now,
			})
		},
		func() error { return tenant.Subscription().Add(ctx, subscription) },
		func() error {
			return tenant.Usage().Put(ctx, domain.NewUsagePeriod(plan.Limits, subscription.UsagePeriod(now), 0, now))
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// takenAt asks which addresses cannot be claimed at a time.
func takenAt(slugs ports.Slugs, at time.Time) func(context.Context, []domain.Slug) ([]domain.Slug, error) {
	return func(ctx context.Context, candidates []domain.Slug) ([]domain.Slug, error) {
		return slugs.Taken(ctx, candidates, at)
	}
}
