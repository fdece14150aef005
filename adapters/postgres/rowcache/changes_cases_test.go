package rowcache_test

import (
	"context"
	"errors"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

var changesOfUsers = []change{
	{name: "a user is added", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Users().Add(ctx, domain.User{ID: id[domain.UserID](99, u), Email: "new@example.com", CreatedAt: noon, UpdatedAt: noon})
	}},
	{name: "a user is saved", wakes: true, want: func(u unit) []string { return []string{ofUser(u.member())} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return editUser(ctx, store, u.user("member"), func(user *domain.User) { user.Name = "renamed" })
	}},
	{name: "a user who is not there is saved", want: nothing, err: domain.ErrNotFound, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return editUser(ctx, store, u.user("member"), func(user *domain.User) { user.ID = id[domain.UserID](99, u) })
	}},
	{name: "a user is removed", wakes: true, want: func(u unit) []string { return []string{ofUser(u.guest()), ofSession(u.token("guest"))} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Users().Remove(ctx, u.guest())
	}},
	{name: "a link is mailed, and used", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		token := domain.AuthToken{Hash: u.token("link"), Purpose: domain.TokenVerifyEmail, User: u.member(), Email: u.email("member"), CreatedAt: noon}
		if err := store.AuthTokens().Add(ctx, token); err != nil {
			return err
		}
		_, err := store.AuthTokens().Take(ctx, token.Hash, token.Purpose)
		return err
	}},
	{name: "an attempt is counted, and all is swept", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		clock := memory.NewClock()
		_, _, err := postgres.NewThrottle(store, clock).Reserve(ctx, string(u.member()), domain.ThrottlePasswords)
		return errors.Join(err, store.Sweep(ctx, clock.Now().Add(time.Hour)))
	}},
}

var changesOfSessions = []change{
	{name: "a session is added", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Sessions().Add(ctx, domain.Session{ID: id[domain.SessionID](99, u), User: u.member(), Token: u.token("new"), CreatedAt: noon, LastSeenAt: noon})
	}},
	{name: "a session is one too many", wakes: true, want: func(u unit) []string { return []string{ofSession(u.token("member"))} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		for i := range domain.MaxSessionsPerUser - 1 {
			session := domain.Session{
				ID: id[domain.SessionID](100+i, u), User: u.member(), Token: u.token(string(rune('a' + i))), CreatedAt: noon, LastSeenAt: noon.Add(time.Hour),
			}
			if err := store.Sessions().Add(ctx, session); err != nil {
				return err
			}
		}
		return nil
	}},
	{name: "a session is used", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Sessions().Touch(ctx, u.session("member").ID, noon.Add(time.Hour))
	}},
	{name: "a session gets another token", wakes: true, want: func(u unit) []string { return []string{ofSession(u.token("member"))} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return editSession(ctx, store, u.session("member"), func(s *domain.Session) { s.Token = u.token("another") })
	}},
	{name: "the password is given again", wakes: true, want: func(u unit) []string { return []string{ofSession(u.token("member"))} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return editSession(ctx, store, u.session("member"), func(s *domain.Session) { s.SudoAt = noon })
	}},
	{name: "a session is removed", wakes: true, want: func(u unit) []string { return []string{ofSession(u.token("member"))} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Sessions().Remove(ctx, u.member(), u.session("member").ID)
	}},
	{name: "a session of another is not removed", want: nothing, err: domain.ErrNotFound, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Sessions().Remove(ctx, u.guest(), u.session("member").ID)
	}},
	{name: "the other sessions are removed", wakes: true, want: func(u unit) []string { return []string{ofSession(u.token("member"))} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Sessions().RemoveOthers(ctx, u.member(), u.session("more").ID)
	}},
	{
		name: "all sessions are removed", wakes: true,
		want: func(u unit) []string { return []string{ofSession(u.token("member")), ofSession(u.token("more"))} },
		do: func(ctx context.Context, store *postgres.Store, u unit) error {
			return store.Sessions().RemoveOthers(ctx, u.member(), "")
		},
	},
}

var changesOfOrganizations = []change{
	{name: "an organization is saved", want: func(u unit) []string { return []string{ofOrganization(u)} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return editOrganization(ctx, store, u, func(o *domain.Organization) { o.Name = "Renamed" })
	}},
	{name: "an organization is suspended", wakes: true, want: func(u unit) []string { return []string{ofOrganization(u), ofAccess(u)} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return editOrganization(ctx, store, u, func(o *domain.Organization) { o.SuspendedAt = noon })
	}},
	{
		name: "an organization is removed", wakes: true,
		want: func(u unit) []string {
			return []string{ofOrganization(u), ofAccess(u), ofMember(u, u.owner()), ofMember(u, u.member())}
		},
		do: func(ctx context.Context, store *postgres.Store, u unit) error {
			return u.in(store).Organization().Remove(ctx)
		},
	},
	{
		name: "an organization gets another owner", wakes: true,
		want: func(u unit) []string {
			return []string{ofOrganization(u), ofMember(u, u.owner()), ofMember(u, u.member())}
		},
		do: func(ctx context.Context, store *postgres.Store, u unit) error {
			return store.Update(ctx, ports.Of(u.organization()), func(tx ports.Repositories) error {
				organization, err := u.in(tx).Organization().Get(ctx)
				if err != nil {
					return err
				}
				organization.Owner = u.member()
				_, err = u.in(tx).Organization().Save(ctx, organization)
				return errors.Join(err, setRole(ctx, tx, u, u.ownership(), domain.RoleAdmin), setRole(ctx, tx, u, u.membership(), domain.RoleOwner))
			})
		},
	},
	{name: "a subscription is saved", want: func(u unit) []string { return []string{ofOrganization(u)} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		subscription := domain.NewFreeSubscription(u.subscription(), noon)
		subscription.Plan = domain.TierPro
		return u.in(store).Subscription().Save(ctx, subscription)
	}},
	{name: "usage is counted", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return u.in(store).Usage().Put(ctx, domain.NewUsagePeriod(domain.PlanOf(domain.TierFree).Limits, domain.Period{Start: noon, End: noon.Add(time.Hour)}, 0, noon))
	}},
	{name: "an address is new, and the present one given up", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Slugs().Claim(ctx, u.organization(), "brand-new", noon)
	}},
	{name: "an address is taken over", wakes: true, want: func(u unit) []string { return []string{ofSlug((u + 1).oldSlug())} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Slugs().Claim(ctx, u.organization(), (u + 1).oldSlug(), noon.Add(domain.SlugReservation))
	}},
	{name: "an address is taken back", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Slugs().Claim(ctx, u.organization(), u.oldSlug(), noon)
	}},
	{name: "an address is released", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Slugs().Release(ctx, u.organization(), noon)
	}},
}

var changesOfMembers = []change{
	{name: "a seat is taken", want: func(u unit) []string { return []string{ofOrganization(u), ofMember(u, u.guest())} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return u.in(store).Memberships().Add(ctx, domain.Membership{ID: u.newMembership(), User: u.guest(), Role: domain.RoleMember, CreatedAt: noon, UpdatedAt: noon})
	}},
	{name: "the guest is invited", want: func(u unit) []string { return []string{ofOrganization(u)} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return u.in(store).Invitations().Add(ctx, u.invitation())
	}},
	{
		name: "an invitation is sent again, and then answered",
		want: func(u unit) []string { return []string{ofOrganization(u)} },
		do: func(ctx context.Context, store *postgres.Store, u unit) error {
			invitation, invitations := u.invitation(), u.in(store).Invitations()
			err := invitations.Add(ctx, invitation)
			invitation.Token = u.token("another")
			err = errors.Join(err, invitations.Save(ctx, invitation))
			invitation.State, invitation.RespondedAt = domain.InvitationDeclined, noon
			return errors.Join(err, invitations.Save(ctx, invitation))
		},
	},
	{name: "nothing is left to expire or to take back", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		_, expired := u.in(store).Invitations().Expire(ctx, noon)
		_, revoked := u.in(store).Invitations().Revoke(ctx, u.owner(), domain.Roles, noon)
		return errors.Join(expired, revoked)
	}},
	{name: "a job is recorded", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Outbox().Add(ctx, domain.NewJob(id[domain.JobID](16, u), u.organization(), "test.job", nil, noon))
	}},
	{name: "a role is changed", wakes: true, want: func(u unit) []string { return []string{ofMember(u, u.member())} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return makeAdmin(ctx, store, u)
	}},
	{
		name: "a member is removed", wakes: true,
		want: func(u unit) []string { return []string{ofOrganization(u), ofMember(u, u.member())} },
		do: func(ctx context.Context, store *postgres.Store, u unit) error {
			return u.in(store).Memberships().Remove(ctx, u.membership())
		},
	},
	{name: "the owner is not removed", want: nothing, err: domain.ErrOwnerImmutable, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return u.in(store).Memberships().Remove(ctx, u.ownership())
	}},
	{name: "a workspace is added", want: func(u unit) []string { return []string{ofOrganization(u)} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return u.in(store).Workspaces().Add(ctx, newWorkspace(u))
	}},
	{name: "a workspace is removed", want: func(u unit) []string { return []string{ofOrganization(u)} }, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return u.in(store).Workspaces().Remove(ctx, u.workspace())
	}},
	{name: "a workspace is saved, and a member added to it and removed", want: nothing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		workspaces := u.in(store).Workspaces()
		member := domain.WorkspaceMember{Workspace: u.workspace(), Membership: u.membership(), AddedBy: u.owner(), CreatedAt: noon}
		workspace, err := workspaces.Get(ctx, domain.WorkspaceViewer{SeesAll: true}, u.workspace())
		if err == nil {
			_, err = workspaces.Save(ctx, workspace.Workspace)
		}
		return errors.Join(err, workspaces.AddMember(ctx, member), workspaces.RemoveMember(ctx, u.workspace(), u.membership()))
	}},
	{name: "an update fails", want: nothing, err: errRefused, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Update(ctx, ports.Of(u.organization()), func(tx ports.Repositories) error {
			return errors.Join(u.in(tx).Memberships().Remove(ctx, u.membership()), tx.Sessions().RemoveOthers(ctx, u.member(), ""), errRefused)
		})
	}},
	{name: "an update leaves no owner", want: nothing, err: domain.ErrOwnerMissing, do: func(ctx context.Context, store *postgres.Store, u unit) error {
		return store.Update(ctx, ports.Of(u.organization()), func(tx ports.Repositories) error {
			return setRole(ctx, tx, u, u.ownership(), domain.RoleMember)
		})
	}},
}

func newWorkspace(u unit) domain.Workspace {
	return domain.Workspace{
		ID: u.newWorkspace(), Name: "New", Slug: "new", Visibility: domain.VisibilityOpen, CreatedBy: u.owner(), CreatedAt: noon, UpdatedAt: noon,
	}
}
