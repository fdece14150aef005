package porttest

import (
	"cmp"
	"slices"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// tenantState is all that the repositories tell of one organization.
type tenantState struct {
	Organization domain.OrganizationDetail
	Members      []domain.Member
	Workspaces   []domain.WorkspaceDetail
	Added        map[domain.WorkspaceID][]domain.WorkspaceMemberDetail
	Invitations  []domain.InvitationDetail // at noon, by state
	Subscription domain.Subscription
	Usage        []domain.UsageMetric
	History      []domain.UsageMetric
}

// tenantState reads the state of one organization.
func (s *scene) tenantState(c company) tenantState {
	s.t.Helper()
	ctx, tenant := s.t.Context(), c.in(s.store)
	state := tenantState{Added: map[domain.WorkspaceID][]domain.WorkspaceMemberDetail{}}
	var err error
	state.Organization, err = tenant.Organization().Detail(ctx)
	s.must(err)
	members, err := tenant.Memberships().List(ctx, ports.MemberFilter{}, all)
	s.must(err)
	state.Members = members.Items
	workspaces, err := tenant.Workspaces().List(ctx, everything, all)
	s.must(err)
	state.Workspaces = workspaces.Items
	for _, workspace := range state.Workspaces {
		added, err := tenant.Workspaces().Members(ctx, workspace.ID, all)
		s.must(err)
		state.Added[workspace.ID] = added.Items
	}
	for _, stateOf := range domain.InvitationStates {
		invitations, err := tenant.Invitations().List(ctx, stateOf, noon, all)
		s.must(err)
		state.Invitations = append(state.Invitations, invitations.Items...)
	}
	state.Subscription, err = tenant.Subscription().Get(ctx)
	s.must(err)
	state.Usage, err = tenant.Usage().At(ctx, noon)
	s.must(err)
	state.History, err = tenant.Usage().History(ctx, noon.AddDate(1, 0, 0), 12)
	s.must(err)
	return state
}

// userState is all that the repositories tell of one user, links aside: they
// can only be taken.
type userState struct {
	User          domain.User
	Sessions      []domain.Session
	Actors        []domain.Actor
	Organizations []domain.MemberOrganization
}

// userState reads the state of one user, each time by another way: by address
// and by the token of each session.
func (s *scene) userState(id domain.UserID) userState {
	s.t.Helper()
	ctx := s.t.Context()
	user, err := s.store.Users().Get(ctx, id)
	s.must(err)
	state := userState{User: user}
	byEmail, err := s.store.Users().ByEmail(ctx, user.Email)
	s.must(err)
	wantEqual(s.t, "the user by address", byEmail, user)
	sessions, err := s.store.Sessions().List(ctx, id, all)
	s.must(err)
	state.Sessions = sessions.Items
	for _, session := range state.Sessions {
		byToken, holder, err := s.store.Sessions().ByToken(ctx, session.Token)
		s.must(err)
		wantEqual(s.t, "the session by token", byToken, session)
		wantEqual(s.t, "the user by token", holder, user)
	}
	state.Actors = s.actors(id)
	organizations, err := s.store.Directory().Organizations(ctx, id, all)
	s.must(err)
	state.Organizations = organizations.Items
	return state
}

// actors returns what the user is everywhere, by organization.
func (s *scene) actors(user domain.UserID) []domain.Actor {
	s.t.Helper()
	actors, err := s.store.Directory().Actors(s.t.Context(), user)
	s.must(err)
	return slices.SortedFunc(slices.Values(actors), func(a, b domain.Actor) int {
		return cmp.Compare(a.Organization, b.Organization)
	})
}

// sceneState is everything in a scene.
type sceneState struct {
	Tenants []tenantState
	Users   []userState
	Taken   []domain.Slug
}

func (s *scene) state() sceneState {
	s.t.Helper()
	state := sceneState{Tenants: []tenantState{s.tenantState(s.acme), s.tenantState(s.globex)}}
	for _, user := range []domain.User{s.ada, s.grace, s.linus, s.hedy, s.alan} {
		state.Users = append(state.Users, s.userState(user.ID))
	}
	state.Taken = s.taken(noon, s.acme.slug, s.globex.slug)
	return state
}

// taken returns which slugs cannot be claimed, in the order of the alphabet.
func (s *scene) taken(at time.Time, slugs ...domain.Slug) []domain.Slug {
	s.t.Helper()
	taken, err := s.store.Slugs().Taken(s.t.Context(), slugs, at)
	s.must(err)
	return sorted(taken)
}
