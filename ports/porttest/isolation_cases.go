package porttest

import (
	"context"
	"fmt"
	"slices"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

func organizationIsolation() []isolationCase {
	return []isolationCase{
		{"Organization.Add", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			return refused(globex.Organization().Add(ctx, s.acme.newOrganization(roomy)))
		}},
		{"Organization.Get", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			organization, err := globex.Organization().Get(ctx)
			return only(organization.ID, s.globex.id, err)
		}},
		{"Organization.Detail", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			organization, err := globex.Organization().Detail(ctx)
			return only(organization.ID, s.globex.id, err)
		}},
		{"Organization.Save", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			_, err := globex.Organization().Save(ctx, s.acme.newOrganization(roomy))
			return refused(err)
		}},
		{"Organization.Remove", func(ctx context.Context, globex ports.Tenant, _ *scene) error {
			return globex.Organization().Remove(ctx)
		}},
	}
}

func membershipIsolation() []isolationCase {
	return []isolationCase{
		{"Memberships.Add", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			return globex.Memberships().Add(ctx, s.newMembership(s.globex, s.alan.ID, domain.RoleMember))
		}},
		{"Memberships.Get", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			_, err := globex.Memberships().Get(ctx, s.linusAtAcme)
			return hidden(err)
		}},
		{"Memberships.List", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			page, err := globex.Memberships().List(ctx, ports.MemberFilter{}, all)
			return onlyAll(membershipIDs(page.Items), []domain.MembershipID{s.graceAtGlobex, s.globex.membership}, err)
		}},
		{"Memberships.Save", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			membership := s.newMembership(s.acme, s.linus.ID, domain.RoleAdmin)
			membership.ID = s.linusAtAcme
			_, err := globex.Memberships().Save(ctx, membership)
			return hidden(err)
		}},
		{"Memberships.Remove", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			return hidden(globex.Memberships().Remove(ctx, s.linusAtAcme))
		}},
	}
}

func invitationIsolation() []isolationCase {
	return []isolationCase{
		{"Invitations.Add", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			// Neither acme's members nor whom it has invited matter here.
			if err := globex.Invitations().Add(ctx, s.newInvitation(s.globex, s.linus.Email, domain.RoleMember)); err != nil {
				return err
			}
			taken := s.newInvitation(s.globex, "taken@example.com", domain.RoleMember)
			taken.Token = s.guestOfAcme.Token
			return refused(globex.Invitations().Add(ctx, taken))
		}},
		{"Invitations.Get", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			_, err := globex.Invitations().Get(ctx, s.guestOfAcme.ID)
			return hidden(err)
		}},
		{"Invitations.List", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			page, err := globex.Invitations().List(ctx, domain.InvitationPending, noon, all)
			return onlyAll(invitationIDs(page.Items), []domain.InvitationID{s.guestOfGlobex.ID}, err)
		}},
		{"Invitations.Save", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			for _, state := range domain.InvitationStates {
				if err := hidden(globex.Invitations().Save(ctx, answered(s.guestOfAcme, state, noon))); err != nil {
					return err
				}
			}
			return nil
		}},
		{"Invitations.Check", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			// Who is a member of acme can be invited here.
			for _, email := range []domain.Email{s.ada.Email, s.linus.Email} {
				if err := globex.Invitations().Check(ctx, email, noon); err != nil {
					return fmt.Errorf("Check(%s): %w", email, err)
				}
			}
			return nil
		}},
		{"Invitations.Expire", func(ctx context.Context, globex ports.Tenant, _ *scene) error {
			n, err := globex.Invitations().Expire(ctx, noon.AddDate(1, 0, 0))
			return onlyOne(n, err)
		}},
		{"Invitations.Revoke", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			for inviter, want := range map[domain.UserID]int64{s.ada.ID: 0, s.hedy.ID: 1} {
				n, err := globex.Invitations().Revoke(ctx, inviter, []domain.Role{domain.RoleMember, domain.RoleAdmin}, noon)
				if err != nil {
					return err
				}
				if n != want {
					return fmt.Errorf("got %d, want %d", n, want)
				}
			}
			return nil
		}},
	}
}

func workspaceIsolation() []isolationCase {
	return []isolationCase{
		{"Workspaces.Add", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			return globex.Workspaces().Add(ctx, s.newWorkspace(s.globex, "Secret", domain.VisibilityOpen))
		}},
		{"Workspaces.Get", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			for _, id := range []domain.WorkspaceID{s.acme.workspace, s.secret} {
				for _, viewer := range []domain.WorkspaceViewer{everything, {Membership: s.graceAtAcme}, {Membership: s.graceAtGlobex}} {
					_, err := globex.Workspaces().Get(ctx, viewer, id)
					if err := hidden(err); err != nil {
						return err
					}
				}
			}
			return nil
		}},
		{"Workspaces.List", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			page, err := globex.Workspaces().List(ctx, everything, all)
			if err := onlyAll(workspaceIDs(page.Items), []domain.WorkspaceID{s.globex.workspace, s.plans}, err); err != nil {
				return err
			}
			page, err = globex.Workspaces().List(ctx, domain.WorkspaceViewer{Membership: s.graceAtAcme}, all)
			return onlyAll(workspaceIDs(page.Items), []domain.WorkspaceID{s.globex.workspace}, err)
		}},
		{"Workspaces.TakenSlugs", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			taken, err := globex.Workspaces().TakenSlugs(ctx, []domain.Slug{slugOf(s.secret)})
			return onlyAll(taken, nil, err)
		}},
		{"Workspaces.Save", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			workspace := s.newWorkspace(s.acme, "Taken over", domain.VisibilityOpen)
			workspace.ID = s.secret
			_, err := globex.Workspaces().Save(ctx, workspace)
			return hidden(err)
		}},
		{"Workspaces.Remove", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			return hidden(globex.Workspaces().Remove(ctx, s.secret))
		}},
	}
}

func workspaceMemberIsolation() []isolationCase {
	return []isolationCase{
		{"Workspaces.AddMember", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			for _, member := range []domain.WorkspaceMember{
				{Workspace: s.secret, Membership: s.linusAtAcme},
				{Workspace: s.secret, Membership: s.graceAtGlobex},
				{Workspace: s.plans, Membership: s.linusAtAcme},
				{Workspace: s.secret, Membership: s.graceAtAcme},
			} {
				member.AddedBy, member.CreatedAt = s.hedy.ID, noon
				if err := hidden(globex.Workspaces().AddMember(ctx, member)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"Workspaces.Members", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			page, err := globex.Workspaces().Members(ctx, s.secret, all)
			if err == nil && len(page.Items) == 0 {
				return nil
			}
			return hidden(err)
		}},
		{"Workspaces.RemoveMember", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			return hidden(globex.Workspaces().RemoveMember(ctx, s.secret, s.graceAtAcme))
		}},
	}
}

// planIsolation is about the subscription and the usage.
func planIsolation() []isolationCase {
	return []isolationCase{
		{"Subscription.Add", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			return refused(globex.Subscription().Add(ctx, domain.NewFreeSubscription(s.acme.subscription, noon)))
		}},
		{"Subscription.Get", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			subscription, err := globex.Subscription().Get(ctx)
			return only(subscription.ID, s.globex.subscription, err)
		}},
		{"Subscription.Save", func(ctx context.Context, globex ports.Tenant, s *scene) error {
			subscription := domain.NewFreeSubscription(s.acme.subscription, noon)
			subscription.Plan = domain.TierPro
			return refused(globex.Subscription().Save(ctx, subscription))
		}},
		{"Usage.Put", func(ctx context.Context, globex ports.Tenant, _ *scene) error {
			return globex.Usage().Put(ctx, used(month(0), 1))
		}},
		{"Usage.At", func(ctx context.Context, globex ports.Tenant, _ *scene) error {
			rows, err := globex.Usage().At(ctx, noon)
			return unlikeAcmes(rows, len(domain.Metrics), err)
		}},
		{"Usage.History", func(ctx context.Context, globex ports.Tenant, _ *scene) error {
			rows, err := globex.Usage().History(ctx, noon, 12)
			return unlikeAcmes(rows, 0, err)
		}},
	}
}

// only says what is wrong unless the id is globex's.
func only[ID ~string](got, want ID, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("got %s, want only %s", got, want)
	}
	return err
}

// onlyOne says what is wrong unless there was one of globex's.
func onlyOne(n int64, err error) error {
	if err == nil && n != 1 {
		err = fmt.Errorf("got %d, want 1", n)
	}
	return err
}

// onlyAll says what is wrong unless the list is globex's.
func onlyAll[ID ~string](got, want []ID, err error) error {
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("got %s, want only %s", got, want)
	}
	return err
}

// unlikeAcmes says what is wrong unless there are so many rows, none acme's.
func unlikeAcmes(rows []domain.UsageMetric, want int, err error) error {
	leaked := slices.ContainsFunc(rows, func(row domain.UsageMetric) bool { return row.Quantity >= acmeUsage })
	if err == nil && (leaked || len(rows) != want) {
		err = fmt.Errorf("got %d rows, want %d, none of the other tenant: %+v", len(rows), want, rows)
	}
	return err
}
