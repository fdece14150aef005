package invitation

import (
	"cmp"
	"context"
	"errors"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
	"rowhouse/ports"
)

// Sender is a member who sends invitations: as whom, and the account, which
// must have proven its address.
type Sender struct {
	Actor domain.Actor
	User  domain.User
}

// require fails with domain.ErrForbidden, domain.ErrOrganizationSuspended or
// domain.ErrEmailNotVerified.
func (s Sender) require() error {
	if err := policy.Require(s.Actor, domain.MembersInvite); err != nil {
		return err
	}
	if !s.User.EmailVerified() {
		return domain.ErrEmailNotVerified
	}
	return nil
}

// Create invites somebody, and records the mail that tells them. It requires
// members:invite. It fails with domain.ErrAlreadyMember,
// domain.ErrAlreadyInvited, domain.ErrMemberLimitReached (limit and use
// included), domain.ErrForbidden for a role above the sender's own, and
// domain.ErrRateLimited where too many went out today.
func (s *Service) Create(ctx context.Context, sender Sender, email, role string) (domain.InvitationDetail, error) {
	if err := sender.require(); err != nil {
		return domain.InvitationDetail{}, err
	}
	address, errEmail := domain.ParseEmail("email", email)
	granted, errRole := parseRole(sender.Actor, role)
	if err := domain.JoinInvalid(errEmail, errRole); err != nil {
		return domain.InvitationDetail{}, err
	}
	return s.create(ctx, sender, address, granted)
}

// parseRole reads the role to invite somebody as.
func parseRole(actor domain.Actor, role string) (domain.Role, error) {
	granted, err := domain.ParseInvitableRole(role)
	if err == nil && granted.Above(actor.Role) {
		err = domain.ErrForbidden
	}
	return granted, err
}

func (s *Service) create(ctx context.Context, sender Sender, email domain.Email, role domain.Role) (domain.InvitationDetail, error) {
	actor := sender.Actor
	end, err := s.turns.take(ctx, actor.Organization)
	if err != nil {
		return domain.InvitationDetail{}, err
	}
	defer end()
	now := s.clock.Now()
	// Most who are refused are refused for what stays true for a while: looking
	// is enough; see docs/adr/0013.
	if err := s.store.Tenant(actor.Organization).Invitations().Check(ctx, email, now); err != nil {
		return domain.InvitationDetail{}, err
	}
	i := domain.NewInvitation(domain.InvitationID(s.ids.New()), email, role, actor.User, s.key, now)
	// Without a scope: taking the seat is what other processes wait for, and all
	// that follows sees what they did.
	err = s.store.Update(ctx, ports.Scope{}, func(tx ports.Repositories) error {
		if err := take(ctx, tx.Tenant(actor.Organization).Invitations(), i); err != nil {
			return err
		}
		if err := requireStanding(ctx, tx, actor, role); err != nil {
			return err
		}
		return s.send(ctx, tx, actor.Organization, i)
	})
	return domain.InvitationDetail{Invitation: i, InviterName: sender.User.Name}, err
}

// take stores an invitation, once what has run out is noted, if that is in its
// way.
func take(ctx context.Context, invitations ports.Invitations, i domain.Invitation) error {
	refusal := invitations.Add(ctx, i)
	if !errors.Is(refusal, domain.ErrMemberLimitReached) && !errors.Is(refusal, domain.ErrAlreadyInvited) {
		return refusal
	}
	expired, err := invitations.Expire(ctx, i.CreatedAt)
	if err != nil || expired == 0 {
		return cmp.Or(err, refusal)
	}
	return invitations.Add(ctx, i)
}

// requireStanding looks again at what the sender may: they may have been demoted
// or removed since the request began, with all the invitations that they had
// sent by then. The seat is taken before: from then on whoever demotes them
// waits, and takes this one back, too.
func requireStanding(ctx context.Context, tx ports.Repositories, actor domain.Actor, role domain.Role) error {
	own, err := tx.Tenant(actor.Organization).Memberships().Get(ctx, actor.Membership)
	if err != nil {
		return err
	}
	if !policy.Allows(own.Role, domain.MembersInvite) || role.Above(own.Role) {
		return domain.ErrForbidden
	}
	return nil
}

// send records the mail, if not too many go out.
func (s *Service) send(ctx context.Context, tx ports.Repositories, organization domain.OrganizationID, i domain.Invitation) error {
	subscription, err := tx.Tenant(organization).Subscription().Get(ctx)
	if err != nil {
		return err
	}
	perOrganization := domain.ThrottleInvitationsPaid
	if subscription.Plan == domain.TierFree {
		perOrganization = domain.ThrottleInvitationsFree
	}
	for _, bound := range []struct {
		key    string
		policy domain.ThrottlePolicy
	}{
		{"invitations-of:" + string(organization), perOrganization},
		{"invitations-to:" + string(i.Email), domain.ThrottleInvitationsTo},
	} {
		allowed, wait, err := tx.Throttle().Reserve(ctx, bound.key, bound.policy)
		if err != nil {
			return err
		}
		if !allowed {
			return domain.ErrRateLimited.WithRetryAfter(wait)
		}
	}
	return tx.Outbox().Add(ctx, s.mails.Invitation(organization, i))
}

// MaxBatch is how many addresses CreateBatch takes at once.
const MaxBatch = 50

// Result is what became of one address of a batch: an invitation, or why there
// is none.
type Result struct {
	Email      string // as it was given
	Invitation domain.InvitationDetail
	Err        *domain.Error
}

// CreateBatch invites several people. Each address has a result of its own, in
// the order of the addresses: a bad one keeps nobody else from being invited.
// The error is for what is wrong with all of them.
func (s *Service) CreateBatch(ctx context.Context, sender Sender, emails []string, role string) ([]Result, error) {
	if err := sender.require(); err != nil {
		return nil, err
	}
	granted, errRole := parseRole(sender.Actor, role)
	var errEmails error
	if len(emails) == 0 || len(emails) > MaxBatch {
		errEmails = domain.Invalid("emails", "wrong_count", "Give 1 to 50 addresses.")
	}
	if err := domain.JoinInvalid(errEmails, errRole); err != nil {
		return nil, err
	}
	results := make([]Result, len(emails))
	for i, email := range emails {
		results[i].Email = email
		address, err := domain.ParseEmail("email", email)
		if err == nil {
			results[i].Invitation, err = s.create(ctx, sender, address, granted)
		}
		if err == nil {
			continue
		}
		refusal, foreseen := errors.AsType[*domain.Error](err)
		if !foreseen || refusal.Kind == domain.KindUnavailable {
			if i == 0 {
				return nil, err
			}
			refusal = domain.ErrUnavailable // those before are invited: they must be told
		}
		results[i].Err = refusal
	}
	return results, nil
}

// Resend sends a pending invitation again, with a new token and its full
// lifetime; the token before is good for nothing. It requires members:invite.
// It fails with domain.ErrNotFound, with the error of its state, and with
// domain.ErrRateLimited where it was sent too often.
func (s *Service) Resend(ctx context.Context, sender Sender, id domain.InvitationID) (domain.InvitationDetail, error) {
	var sent domain.InvitationDetail
	if err := sender.require(); err != nil {
		return sent, err
	}
	actor := sender.Actor
	err := s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		invitations := tx.Tenant(actor.Organization).Invitations()
		found, err := invitations.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := requireStanding(ctx, tx, actor, found.Role); err != nil {
			return err
		}
		if err := s.over(ctx, tx, actor.Organization, found, sender.User); err != nil {
			return err
		}
		if found.Invitation, err = found.Resend(s.key, s.clock.Now()); err != nil {
			return err
		}
		if err := invitations.Save(ctx, found.Invitation); err != nil {
			return err
		}
		sent = found
		return s.send(ctx, tx, actor.Organization, found.Invitation)
	})
	return sent, err
}

// Revoke takes a pending invitation back. It requires members:invite. It fails
// with domain.ErrNotFound and with the error of its state; one that was taken
// back before stays so.
func (s *Service) Revoke(ctx context.Context, actor domain.Actor, id domain.InvitationID) error {
	if err := policy.Require(actor, domain.MembersInvite); err != nil {
		return err
	}
	return s.store.Update(ctx, ports.Of(actor.Organization), func(tx ports.Repositories) error {
		invitations := tx.Tenant(actor.Organization).Invitations()
		found, err := invitations.Get(ctx, id)
		if err != nil || found.State == domain.InvitationRevoked {
			return err
		}
		if err := s.over(ctx, tx, actor.Organization, found, domain.User{ID: actor.User}); err != nil {
			return err
		}
		revoked, err := found.Respond(domain.InvitationRevoked, s.clock.Now())
		if err != nil {
			return err
		}
		return invitations.Save(ctx, revoked)
	})
}
