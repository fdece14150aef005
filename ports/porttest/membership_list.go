package porttest

import (
	"testing"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var membershipListTests = []storeTest{
	{"members are listed newest first, as Get tells of them", testMemberList},
	{"members are narrowed by role and by part of name or address in any case", testMemberFilter},
	{"wildcards in a query stand for themselves", testMemberWildcards},
	{"a filtered list is paged like any other", testMemberFilterPaging},
}

// members lists those that match.
func (s *scene) members(c company, filter ports.MemberFilter) []domain.Member {
	s.t.Helper()
	page, err := c.in(s.store).Memberships().List(s.t.Context(), filter, all)
	s.must(err)
	wantEqual(s.t, "more members", page.More, false)
	return page.Items
}

func testMemberList(t *testing.T, s *scene) {
	members := s.members(s.acme, ports.MemberFilter{})
	wantItems(t, "List", membershipIDs(members), []domain.MembershipID{s.linusAtAcme, s.graceAtAcme, s.acme.membership})
	for _, member := range members {
		got, err := s.acme.in(s.store).Memberships().Get(t.Context(), member.ID)
		s.must(err)
		wantEqual(t, "a listed member", member, got)
	}
	wantItems(t, "globex", membershipIDs(s.members(s.globex, ports.MemberFilter{})), []domain.MembershipID{s.graceAtGlobex, s.globex.membership})
}

// named stores a member with this name and address.
func (s *scene) named(c company, name string, email domain.Email, role domain.Role) domain.MembershipID {
	s.t.Helper()
	user := s.newUser(name)
	user.Email = email
	s.must(s.store.Users().Add(s.t.Context(), user))
	return s.member(c, user, role)
}

func testMemberFilter(t *testing.T, s *scene) {
	jurgen := s.named(s.acme, "Jürgen MÜLLER", "jm@work.example", domain.RoleAdmin)
	mary := s.named(s.acme, "Mary Ann Smith", "mueller@home.example", domain.RoleMember)
	s.named(s.globex, "Mary Müller", "mary@work.example", domain.RoleMember)
	for _, tt := range []struct {
		name   string
		filter ports.MemberFilter
		want   []domain.MembershipID
	}{
		{"a role", ports.MemberFilter{Role: domain.RoleAdmin}, []domain.MembershipID{jurgen, s.graceAtAcme}},
		{"the owner", ports.MemberFilter{Role: domain.RoleOwner}, []domain.MembershipID{s.acme.membership}},
		{"the start of a name", ports.MemberFilter{Query: "Mary"}, []domain.MembershipID{mary}},
		{"the middle of a name", ports.MemberFilter{Query: "y Ann S"}, []domain.MembershipID{mary}},
		{"the end of a name", ports.MemberFilter{Query: "smith"}, []domain.MembershipID{mary}},
		{"a name in upper case", ports.MemberFilter{Query: "MARY ANN"}, []domain.MembershipID{mary}},
		{"a name beyond ASCII in another case", ports.MemberFilter{Query: "müLler"}, []domain.MembershipID{jurgen}},
		{"a part of an address", ports.MemberFilter{Query: "HOME.ex"}, []domain.MembershipID{mary}},
		{"name or address", ports.MemberFilter{Query: "m"}, s.allMembers()},
		{"a role and a query", ports.MemberFilter{Role: domain.RoleMember, Query: ".example"}, []domain.MembershipID{mary}},
		{"nobody", ports.MemberFilter{Query: "mary smith"}, nil},
		{"nobody of the role", ports.MemberFilter{Role: domain.RoleAdmin, Query: "mary"}, nil},
	} {
		wantItems(t, "List by "+tt.name, membershipIDs(s.members(s.acme, tt.filter)), tt.want)
	}
}

func (s *scene) allMembers() []domain.MembershipID {
	s.t.Helper()
	return membershipIDs(s.members(s.acme, ports.MemberFilter{}))
}

func testMemberWildcards(t *testing.T, s *scene) {
	percent := s.named(s.acme, "100% sure", "p@example.com", domain.RoleMember)
	underscore := s.named(s.acme, "Plain", "under_score@example.com", domain.RoleMember)
	backslash := s.named(s.acme, `Back\slash`, "b@example.com", domain.RoleMember)
	quote := s.named(s.acme, "O'Brien", "q@example.com", domain.RoleMember)
	s.named(s.acme, "Underxscore", "u@example.com", domain.RoleMember)
	for query, want := range map[string][]domain.MembershipID{
		"%": {percent}, "100%": {percent}, "0%s": nil, "%%": nil, "_": {underscore}, "under_score": {underscore},
		`\`: {backslash}, `k\s`: {backslash}, `\\`: nil, `\%`: nil, "'": {quote}, "o'b": {quote}, "''": nil, "*": nil, "?": nil, ".": s.allMembers(),
	} {
		wantItems(t, "List by "+query, membershipIDs(s.members(s.acme, ports.MemberFilter{Query: query})), want)
	}
}

func testMemberFilterPaging(t *testing.T, s *scene) {
	var want []domain.MembershipID
	for i := range 7 {
		user := s.user("Twin")
		if i%2 == 0 {
			user = s.user("Other")
		}
		if id := s.member(s.acme, user, domain.RoleMember); i%2 == 1 {
			want = append([]domain.MembershipID{id}, want...)
		}
	}
	walkAll(s, "the twins", func(page domain.PageRequest) (domain.Page[domain.Member], error) {
		return s.acme.in(s.store).Memberships().List(t.Context(), ports.MemberFilter{Role: domain.RoleMember, Query: "twin"}, page)
	}, func(m domain.Member) (string, string) { return string(m.ID), string(m.ID) }, want)
}
