package postgres_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"rowhouse/adapters/postgres"
	"rowhouse/core/domain"
	"rowhouse/ports"
)

// apart sends one by one what belongs together.
func apart(t *testing.T, organization string) func(*pgxpool.Conn) error {
	t.Helper()
	return func(c *pgxpool.Conn) error {
		tx, err := c.Begin(t.Context())
		if err != nil {
			return err
		}
		must(t, tx, `SELECT set_config('app.organization_id', $1, true)`, organization)
		must(t, tx, `SELECT FROM app.workspaces`)
		return tx.Commit(t.Context())
	}
}

func person(kind byte, n int) domain.User {
	id := personID(kind, n)
	return domain.User{ID: domain.UserID(id), Email: domain.Email(id + "@example.net"), Name: "Changed", CreatedAt: at, UpdatedAt: at}
}

func tokenOf(kind byte, n int) domain.TokenHash {
	return sha256.Sum256([]byte(fmt.Sprintf("%s%d@example.com", personID(kind, n)[:8], n)))
}

func sessionOf(kind byte, n int) domain.Session {
	return domain.Session{
		ID: domain.SessionID(personID(kind, n)), User: domain.UserID(personID(kind, n)), Token: tokenOf(kind, n), CreatedAt: at, LastSeenAt: at,
	}
}

// peopleTrips are those of what belongs to no tenant.
func peopleTrips() []tripCase {
	user := func(n int) domain.UserID { return domain.UserID(personID('a', n)) }
	return []tripCase{
		{"Users.Add", 1, func(ctx context.Context, s *tripScene, n int) error { return s.Users().Add(ctx, person('e', n)) }},
		{"Users.Get", 1, func(ctx context.Context, s *tripScene, n int) error { return second(s.Users().Get(ctx, user(n))) }},
		{"Users.ByEmail", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.Users().ByEmail(ctx, person('e', n).Email))
		}},
		{"Users.Save", 1, func(ctx context.Context, s *tripScene, n int) error { return s.Users().Save(ctx, person('c', n)) }},
		{"Users.Remove", 1, func(ctx context.Context, s *tripScene, n int) error { return s.Users().Remove(ctx, person('e', n).ID) }},

		{"Sessions.Add", 1, func(ctx context.Context, s *tripScene, n int) error {
			session := sessionOf('f', n)
			session.User = user(n)
			return s.Sessions().Add(ctx, session)
		}},
		{"Sessions.ByToken", 1, func(ctx context.Context, s *tripScene, n int) error {
			_, _, err := s.Sessions().ByToken(ctx, tokenOf('a', n))
			return err
		}},
		{"Sessions.Touch", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.Sessions().Touch(ctx, sessionOf('a', n).ID, at)
		}},
		{"Sessions.Save", 1, func(ctx context.Context, s *tripScene, n int) error { return s.Sessions().Save(ctx, sessionOf('a', n)) }},
		{"Sessions.List", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.Sessions().List(ctx, user(n), page))
		}},
		{"Sessions.Remove", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.Sessions().Remove(ctx, user(n), sessionOf('a', n).ID)
		}},
		{"Sessions.RemoveOthers", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.Sessions().RemoveOthers(ctx, user(n), sessionOf('f', n).ID)
		}},

		{"AuthTokens.Add", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.AuthTokens().Add(ctx, domain.AuthToken{Hash: tokenOf('f', n), Purpose: domain.TokenVerifyEmail, User: user(n), CreatedAt: at})
		}},
		{"AuthTokens.Of", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.AuthTokens().Of(ctx, user(n), domain.TokenResetPassword))
		}},
		{"AuthTokens.Take", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.AuthTokens().Take(ctx, tokenOf('a', n), domain.TokenResetPassword))
		}},
		{"AuthTokens.RemoveAll", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.AuthTokens().RemoveAll(ctx, user(n), domain.TokenVerifyEmail)
		}},

		{"Directory.Actor by id", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.Directory().Actor(ctx, grace, s.seeded.organization))
		}},
		{"Directory.Actor by slug", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.Directory().Actor(ctx, grace, "old-company-"+s.seeded.organization))
		}},
		{"Directory.Actors", 1, func(ctx context.Context, s *tripScene, _ int) error { return second(s.Directory().Actors(ctx, grace)) }},
		{"Directory.Organizations", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.Directory().Organizations(ctx, grace, page))
		}},
		{"Slugs.Taken", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.Slugs().Taken(ctx, []domain.Slug{"a", "b"}, at))
		}},
		{"Slugs.Claim", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.Slugs().Claim(ctx, domain.OrganizationID(s.seeded.organization), domain.Slug(fmt.Sprintf("new-%d", n)), at)
		}},
		{"Slugs.Release", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return s.Slugs().Release(ctx, domain.OrganizationID(s.seeded.organization), at)
		}},

		{"Directory.Invitation", 1, func(ctx context.Context, s *tripScene, _ int) error {
			_, _, err := s.Directory().Invitation(ctx, sha256.Sum256([]byte(s.seeded.invitation)))
			return err
		}},
		{"Directory.InvitationsTo", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.Directory().InvitationsTo(ctx, guest, at, page))
		}},
		{"Directory.InvitationTo", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.Directory().InvitationTo(ctx, guest, domain.InvitationID(s.seeded.invitation)))
		}},
		{"Outbox.Add", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.Outbox().Add(ctx, tripJob(s, n, 0), tripJob(s, n, 1))
		}},

		{"Throttle.Reserve", 4, func(ctx context.Context, s *tripScene, n int) error { // begin, lock, count, commit
			_, _, err := postgres.NewThrottle(s.Store, fixedClock{}).Reserve(ctx, strconv.Itoa(n), domain.ThrottlePolicy{})
			return err
		}},
		{"Throttle.Forget", 1, func(ctx context.Context, s *tripScene, n int) error {
			return postgres.NewThrottle(s.Store, fixedClock{}).Forget(ctx, strconv.Itoa(n))
		}},
		{"Store.Ping", 1, func(ctx context.Context, s *tripScene, _ int) error { return s.Ping(ctx) }},
		{"Store.CheckSchema", 1, func(ctx context.Context, s *tripScene, _ int) error { return s.CheckSchema(ctx) }},
	}
}

// jobID is the job that is seeded.
func jobID(s seeded) domain.JobID { return domain.JobID(s.job) }

// tripJob is a job that is not recorded yet.
func tripJob(s *tripScene, n, i int) domain.Job {
	return domain.NewJob(domain.JobID(personID('a'+byte(i), n)), domain.OrganizationID(s.seeded.organization), "test.job", n, at)
}

// invitationTrips are those of a tenant's invitations. The seeded one was made
// today, not when everything happens: it has run out.
func invitationTrips() []tripCase {
	invitation := func(n int) domain.Invitation {
		return domain.Invitation{
			ID: domain.InvitationID(personID('a', n)), Email: domain.Email(fmt.Sprintf("invited-%d@example.com", n)), Role: domain.RoleMember,
			State: domain.InvitationPending, Inviter: grace, Token: sha256.Sum256([]byte(fmt.Sprint("invitation", n))), Sent: 1,
			CreatedAt: at, LastSentAt: at, ExpiresAt: at.Add(domain.InvitationLifetime),
		}
	}
	return []tripCase{
		{"Invitations.Add", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.tenant.Invitations().Add(ctx, invitation(n))
		}},
		{"Invitations.Get", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.tenant.Invitations().Get(ctx, invitation(n).ID))
		}},
		{"Invitations.List", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Invitations().List(ctx, domain.InvitationPending, at, page))
		}},
		{"Invitations.Save", 1, func(ctx context.Context, s *tripScene, n int) error {
			saved := invitation(n)
			saved.State, saved.RespondedAt = domain.InvitationAccepted, at
			return s.tenant.Invitations().Save(ctx, saved)
		}},
		{"Invitations.Expire", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Invitations().Expire(ctx, at))
		}},
		{"Invitations.Revoke", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Invitations().Revoke(ctx, grace, domain.Roles, at))
		}},
	}
}

// organizationTrips are those of a tenant and its members.
func organizationTrips() []tripCase {
	membership := func(kind byte, n int) domain.Membership {
		return domain.Membership{
			ID: domain.MembershipID(personID(kind, n)), User: domain.UserID(personID(kind, n)), Role: domain.RoleMember,
			CreatedAt: at, UpdatedAt: at, Version: 1,
		}
	}
	return []tripCase{
		{"Organization.Get", 1, func(ctx context.Context, s *tripScene, _ int) error { return second(s.tenant.Organization().Get(ctx)) }},
		{"Organization.Detail", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Organization().Detail(ctx))
		}},
		{"Organization.Save", 1, func(ctx context.Context, s *tripScene, n int) error {
			other := s.others[n]
			return second(tenantOf(s, other).Organization().Save(ctx, domain.Organization{
				ID: domain.OrganizationID(other.organization), Owner: domain.UserID(other.owner), Version: 1, CreatedAt: at, UpdatedAt: at,
			}))
		}},
		{"Organization.Remove", 1, func(ctx context.Context, s *tripScene, n int) error {
			return tenantOf(s, s.others[n]).Organization().Remove(ctx)
		}},

		{"Memberships.Add", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.tenant.Memberships().Add(ctx, membership('c', n))
		}},
		{"Memberships.Get", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.tenant.Memberships().Get(ctx, membership('a', n).ID))
		}},
		{"Memberships.List", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Memberships().List(ctx, ports.MemberFilter{Role: domain.RoleMember, Query: "more"}, page))
		}},
		{"Memberships.Save", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.tenant.Memberships().Save(ctx, membership('a', n)))
		}},
		{"Memberships.Remove", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.tenant.Memberships().Remove(ctx, membership('b', n).ID)
		}},

		{"Subscription.Save", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return s.tenant.Subscription().Save(ctx, domain.NewFreeSubscription(domain.SubscriptionID(s.seeded.organization), at))
		}},
		{"Subscription.Get", 1, func(ctx context.Context, s *tripScene, _ int) error { return second(s.tenant.Subscription().Get(ctx)) }},
		{"Usage.Put", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return s.tenant.Usage().Put(ctx, domain.NewUsagePeriod(domain.Limits{}, domain.Period{Start: at, End: at.AddDate(0, 1, 0)}, 0, at))
		}},
		{"Usage.At", 1, func(ctx context.Context, s *tripScene, _ int) error { return second(s.tenant.Usage().At(ctx, at)) }},
		{"Usage.History", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Usage().History(ctx, at, 3))
		}},
	}
}

// workspaceTrips are those of a tenant's workspaces.
func workspaceTrips() []tripCase {
	workspace := func(s *tripScene, n int) domain.Workspace {
		return domain.Workspace{
			ID: domain.WorkspaceID(s.seeded.workspaces[2+n]), Name: "Changed", Slug: domain.Slug(fmt.Sprintf("changed-%d", n)),
			Visibility: domain.VisibilityOpen, CreatedBy: grace, CreatedAt: at, UpdatedAt: at, Version: 1,
		}
	}
	viewer := func(s *tripScene) domain.WorkspaceViewer {
		return domain.WorkspaceViewer{Membership: domain.MembershipID(s.seeded.graces)}
	}
	return []tripCase{
		{"Workspaces.Add", 1, func(ctx context.Context, s *tripScene, n int) error {
			added := workspace(s, n)
			added.ID, added.Slug = domain.WorkspaceID(personID('a', n)), domain.Slug(fmt.Sprintf("added-%d", n))
			return s.tenant.Workspaces().Add(ctx, added)
		}},
		{"Workspaces.Get", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Workspaces().Get(ctx, viewer(s), domain.WorkspaceID(s.seeded.workspaces[0])))
		}},
		{"Workspaces.List", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Workspaces().List(ctx, viewer(s), page))
		}},
		{"Workspaces.TakenSlugs", 1, func(ctx context.Context, s *tripScene, _ int) error {
			return second(s.tenant.Workspaces().TakenSlugs(ctx, []domain.Slug{"a", "b"}))
		}},
		{"Workspaces.Save", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.tenant.Workspaces().Save(ctx, workspace(s, n)))
		}},
		{"Workspaces.AddMember", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.tenant.Workspaces().AddMember(ctx, domain.WorkspaceMember{
				Workspace: workspace(s, n).ID, Membership: domain.MembershipID(s.seeded.graces), AddedBy: grace, CreatedAt: at,
			})
		}},
		{"Workspaces.Members", 1, func(ctx context.Context, s *tripScene, n int) error {
			return second(s.tenant.Workspaces().Members(ctx, workspace(s, n).ID, page))
		}},
		{"Workspaces.RemoveMember", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.tenant.Workspaces().RemoveMember(ctx, workspace(s, n).ID, domain.MembershipID(s.seeded.graces))
		}},
		{"Workspaces.Remove", 1, func(ctx context.Context, s *tripScene, n int) error {
			return s.tenant.Workspaces().Remove(ctx, workspace(s, n).ID)
		}},
	}
}

// updateTrips are those of whole updates: begin, with the locks; each statement,
// with its session; commit.
func updateTrips() []tripCase {
	return []tripCase{
		{"Update of nothing", 2, func(ctx context.Context, s *tripScene, _ int) error {
			return s.Update(ctx, ports.Scope{}, func(ports.Repositories) error { return nil })
		}},
		{"Update with two locks", 2, func(ctx context.Context, s *tripScene, _ int) error {
			scope := ports.Scope{Organization: domain.OrganizationID(s.seeded.organization), User: grace}
			return s.Update(ctx, scope, func(ports.Repositories) error { return nil })
		}},
		{"Update that fails", 2, func(ctx context.Context, s *tripScene, _ int) error {
			err := errors.New("no")
			if got := s.Update(ctx, ports.Scope{}, func(ports.Repositories) error { return err }); !errors.Is(got, err) {
				return fmt.Errorf("another error: %w", got)
			}
			return nil
		}},
		{"Update of two tenants", 6, func(ctx context.Context, s *tripScene, _ int) error {
			return s.Update(ctx, ports.OfUser(grace), func(tx ports.Repositories) error {
				for range 2 {
					if err := second(tenantOf(tx, s.seeded).Subscription().Get(ctx)); err != nil {
						return err
					}
					if err := second(tx.Directory().Actors(ctx, grace)); err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"Update founding a company", 8, foundCompany},
	}
}

func foundCompany(ctx context.Context, s *tripScene, n int) error {
	id, user := personID('9', n), domain.UserID(personID('d', n))
	return s.Update(ctx, ports.Scope{Organization: domain.OrganizationID(id), User: user}, func(tx ports.Repositories) error {
		tenant := tx.Tenant(domain.OrganizationID(id))
		for _, step := range []func() error{
			func() error {
				return tx.Slugs().Claim(ctx, domain.OrganizationID(id), domain.Slug("company-9-"+id), at)
			},
			func() error {
				return tenant.Organization().Add(ctx, domain.Organization{
					ID: domain.OrganizationID(id), Owner: user, MemberLimit: domain.Unlimited, WorkspaceLimit: domain.Unlimited, CreatedAt: at, UpdatedAt: at,
				})
			},
			func() error {
				return tenant.Memberships().Add(ctx, domain.Membership{ID: domain.MembershipID(id), User: user, Role: domain.RoleOwner, CreatedAt: at, UpdatedAt: at})
			},
			func() error {
				return tenant.Workspaces().Add(ctx, domain.Workspace{ID: domain.WorkspaceID(id), CreatedBy: user, Visibility: domain.VisibilityOpen, CreatedAt: at, UpdatedAt: at})
			},
			func() error {
				return tenant.Subscription().Add(ctx, domain.NewFreeSubscription(domain.SubscriptionID(id), at))
			},
			func() error {
				return tenant.Usage().Put(ctx, domain.NewUsagePeriod(domain.Limits{}, domain.Period{Start: at, End: at.AddDate(0, 1, 0)}, 0, at))
			},
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
}
