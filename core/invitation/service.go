// Package invitation brings people into an organization: it is offered to an
// address, and taken up by whoever proves to read mail there.
package invitation

import (
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/core/mailing"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// Service has the use cases of this package, one side per file: send.go for
// the organization's, receive.go for the invited person's.
type Service struct {
	store ports.Store
	clock ports.Clock
	ids   ports.IDs
	key   domain.SecretKey
	mails mailing.Jobs
	turns *turns
}

// NewService returns a Service. All arguments are required.
func NewService(store ports.Store, clock ports.Clock, ids ports.IDs, key domain.SecretKey, mails mailing.Jobs) *Service {
	return &Service{store: store, clock: clock, ids: ids, key: key, mails: mails, turns: newTurns()}
}

// List returns the organization's invitations in a state ("" for pending),
// newest first; the key of the page is the invitation's id. It requires
// members:invite, also where the organization is suspended: it is read only.
func (s *Service) List(ctx context.Context, actor domain.Actor, state string, page domain.PageRequest) (domain.Page[domain.InvitationDetail], error) {
	if err := policy.RequireRole(actor, domain.MembersInvite); err != nil {
		return domain.Page[domain.InvitationDetail]{}, err
	}
	wanted, err := domain.ParseInvitationState(state)
	if err != nil {
		return domain.Page[domain.InvitationDetail]{}, err
	}
	return s.store.Tenant(actor.Organization).Invitations().List(ctx, wanted, s.clock.Now(), page)
}

// Locate fails with domain.ErrNotFound if the actor's organization has no such
// invitation. It shows nothing of one, so every member may ask.
func (s *Service) Locate(ctx context.Context, actor domain.Actor, id domain.InvitationID) error {
	_, err := s.store.Tenant(actor.Organization).Invitations().Get(ctx, id)
	return err
}

// StateOf returns the state that an invitation has by now.
func (s *Service) StateOf(i domain.Invitation) domain.InvitationState {
	return i.StateAt(s.clock.Now())
}

// preview is what whoever holds the token sees. viewer is who is signed in; the
// zero User for nobody.
func (s *Service) preview(ctx context.Context, in ports.Repositories, organization domain.OrganizationID, i domain.InvitationDetail, viewer domain.User) (domain.InvitationPreview, error) {
	o, err := in.Tenant(organization).Organization().Get(ctx)
	if err != nil {
		return domain.InvitationPreview{}, err
	}
	_, err = in.Users().ByEmail(ctx, i.Email)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return domain.InvitationPreview{}, err
	}
	email := i.Email.Masked()
	if viewer.Email == i.Email {
		email = string(i.Email)
	}
	return domain.InvitationPreview{
		Organization: domain.OrganizationRef{ID: o.ID, Name: o.Name, Slug: o.Slug, Logo: o.Logo},
		InviterName:  i.InviterName, Email: email, HasAccount: err == nil,
		Role: i.Role, State: s.StateOf(i.Invitation), ExpiresAt: i.ExpiresAt,
	}, nil
}

// over makes the error of an invitation that is not pending, with what it was.
func (s *Service) over(ctx context.Context, in ports.Repositories, organization domain.OrganizationID, i domain.InvitationDetail, viewer domain.User) error {
	failure, ok := errors.AsType[*domain.Error](s.StateOf(i.Invitation).Err())
	if !ok {
		return nil
	}
	preview, err := s.preview(ctx, in, organization, i, viewer)
	if err != nil {
		return err
	}
	return failure.WithInvitation(preview)
}
