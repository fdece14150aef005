package invitation

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// Preview shows an invitation to whoever holds its token, and changes nothing:
// programs that look at mails follow every link. viewer is who is signed in;
// the zero User for nobody. It fails with domain.ErrNotFound for a token that
// no invitation has, and with the error of its state where it is over.
func (s *Service) Preview(ctx context.Context, viewer domain.User, token domain.Token) (domain.InvitationPreview, error) {
	organization, id, err := s.store.Directory().Invitation(ctx, token.Hash())
	if err != nil {
		return domain.InvitationPreview{}, err
	}
	found, err := s.store.Tenant(organization).Invitations().Get(ctx, id)
	if err != nil {
		return domain.InvitationPreview{}, err
	}
	if err := s.over(ctx, s.store, organization, found, viewer); err != nil {
		return domain.InvitationPreview{}, err
	}
	return s.preview(ctx, s.store, organization, found, viewer)
}

// Accepted is a membership that came of an invitation.
type Accepted struct {
	Member       domain.Member
	Organization domain.MemberOrganization
	// AlreadyMember is true where the user had accepted before.
	AlreadyMember bool
}

// Accept makes the caller a member. The caller must have proven the invited
// address, else it fails with domain.ErrEmailNotVerified or
// domain.ErrInvitationEmailOfOther and nothing changes. Beside what Preview
// fails with, it fails with domain.ErrMemberLimitReached where a plan was
// changed for a smaller one meanwhile, and with
// domain.ErrOrganizationSuspended. Accepting again is no error.
func (s *Service) Accept(ctx context.Context, caller domain.Caller, token domain.Token) (Accepted, error) {
	organization, id, err := s.store.Directory().Invitation(ctx, token.Hash())
	if err != nil {
		return Accepted{}, err
	}
	return s.accept(ctx, caller, organization, id, withToken(token))
}

// AcceptOwn is Accept for a caller who found the invitation in their list.
func (s *Service) AcceptOwn(ctx context.Context, caller domain.Caller, id domain.InvitationID) (Accepted, error) {
	organization, err := s.own(ctx, caller, id)
	if err != nil {
		return Accepted{}, err
	}
	return s.accept(ctx, caller, organization, id, anyToken)
}

// withToken asks for the token of the latest mail.
func withToken(token domain.Token) func(domain.Invitation) bool {
	return func(i domain.Invitation) bool { return i.Token == token.Hash() }
}

// anyToken asks for no token: the address is proof enough.
func anyToken(domain.Invitation) bool { return true }

// own finds an invitation to the caller's proven address.
func (s *Service) own(ctx context.Context, caller domain.Caller, id domain.InvitationID) (domain.OrganizationID, error) {
	if !caller.User.EmailVerified() {
		return "", domain.ErrEmailNotVerified
	}
	return s.store.Directory().InvitationTo(ctx, caller.User.Email, id)
}

func (s *Service) accept(ctx context.Context, caller domain.Caller, organization domain.OrganizationID, id domain.InvitationID, shown func(domain.Invitation) bool) (Accepted, error) {
	var accepted Accepted
	scope := ports.Scope{Organization: organization, User: caller.User.ID}
	err := s.store.Update(ctx, scope, func(tx ports.Repositories) error {
		found, user, err := s.addressed(ctx, tx, caller, organization, id, shown)
		if err != nil {
			return err
		}
		actor, err := tx.Directory().Actor(ctx, user.ID, string(organization))
		member := err == nil
		if err != nil && !errors.Is(err, domain.ErrNotFound) {
			return err
		}
		if !member || found.State != domain.InvitationAccepted {
			if err := s.over(ctx, tx, organization, found, user); err != nil {
				return err
			}
			if actor, err = s.join(ctx, tx, organization, found.Invitation, user, actor); err != nil {
				return err
			}
		}
		accepted, err = describe(ctx, tx, actor)
		accepted.AlreadyMember = member
		return err
	})
	return accepted, err
}

// addressed returns the invitation, once it is sure that it is for the caller.
func (s *Service) addressed(ctx context.Context, tx ports.Repositories, caller domain.Caller, organization domain.OrganizationID, id domain.InvitationID, shown func(domain.Invitation) bool) (domain.InvitationDetail, domain.User, error) {
	found, err := tx.Tenant(organization).Invitations().Get(ctx, id)
	if err != nil {
		return found, domain.User{}, err
	}
	user, err := tx.Users().Get(ctx, caller.User.ID) // the address may have changed since the request began
	switch {
	case err != nil:
	case !shown(found.Invitation): // it was sent again since
		err = domain.ErrNotFound
	case !user.EmailVerified():
		err = domain.ErrEmailNotVerified
	case user.Email != found.Email:
		err = domain.ErrInvitationEmailOfOther
	}
	return found, user, err
}

// join answers the invitation and, unless the user is one already, makes them a
// member.
func (s *Service) join(ctx context.Context, tx ports.Repositories, organization domain.OrganizationID, i domain.Invitation, user domain.User, actor domain.Actor) (domain.Actor, error) {
	tenant, now := tx.Tenant(organization), s.clock.Now()
	o, err := tenant.Organization().Get(ctx)
	if err != nil {
		return actor, err
	}
	if err := policy.RequireActive(domain.Actor{Suspended: o.Suspended()}); err != nil {
		return actor, err
	}
	answered, err := i.Respond(domain.InvitationAccepted, now)
	if err != nil {
		return actor, err
	}
	if err := tenant.Invitations().Save(ctx, answered); err != nil {
		return actor, err
	}
	if actor.Membership != "" {
		return actor, nil
	}
	actor = domain.Actor{User: user.ID, Organization: organization, Membership: domain.MembershipID(s.ids.New()), Role: i.Role}
	return actor, tenant.Memberships().Add(ctx, domain.Membership{
		ID: actor.Membership, User: user.ID, Role: i.Role, InvitedBy: i.Inviter, CreatedAt: now, UpdatedAt: now,
	})
}

// describe returns the membership and the organization as its member sees it.
func describe(ctx context.Context, tx ports.Repositories, actor domain.Actor) (Accepted, error) {
	tenant := tx.Tenant(actor.Organization)
	member, err := tenant.Memberships().Get(ctx, actor.Membership)
	if err != nil {
		return Accepted{}, err
	}
	detail, err := tenant.Organization().Detail(ctx)
	return Accepted{Member: member, Organization: domain.MemberOrganization{
		OrganizationDetail: detail, Membership: member.ID, Role: member.Role,
	}}, err
}

// Decline refuses an invitation for whoever holds its token. It fails as
// Preview does; declining again is no error.
func (s *Service) Decline(ctx context.Context, token domain.Token) error {
	organization, id, err := s.store.Directory().Invitation(ctx, token.Hash())
	if err != nil {
		return err
	}
	return s.decline(ctx, organization, id, withToken(token))
}

// DeclineOwn is Decline for a caller who found the invitation in their list.
func (s *Service) DeclineOwn(ctx context.Context, caller domain.Caller, id domain.InvitationID) error {
	organization, err := s.own(ctx, caller, id)
	if err != nil {
		return err
	}
	return s.decline(ctx, organization, id, anyToken)
}

func (s *Service) decline(ctx context.Context, organization domain.OrganizationID, id domain.InvitationID, shown func(domain.Invitation) bool) error {
	return s.store.Update(ctx, ports.Of(organization), func(tx ports.Repositories) error {
		invitations := tx.Tenant(organization).Invitations()
		found, err := invitations.Get(ctx, id)
		if err != nil {
			return err
		}
		if !shown(found.Invitation) {
			return domain.ErrNotFound
		}
		if found.State == domain.InvitationDeclined {
			return nil
		}
		if err := s.over(ctx, tx, organization, found, domain.User{}); err != nil {
			return err
		}
		declined, err := found.Respond(domain.InvitationDeclined, s.clock.Now())
		if err != nil {
			return err
		}
		return invitations.Save(ctx, declined)
	})
}

// Received returns the pending invitations to the caller's address, newest
// first; the key of the page is the invitation's id. Who has not proven the
// address has none.
func (s *Service) Received(ctx context.Context, caller domain.Caller, page domain.PageRequest) (domain.Page[domain.ReceivedInvitation], error) {
	if !caller.User.EmailVerified() {
		return domain.Page[domain.ReceivedInvitation]{}, nil
	}
	return s.store.Directory().InvitationsTo(ctx, caller.User.Email, s.clock.Now(), page)
}
