package porttest

import (
	"testing"

	"rowhouse/core/domain"
)

var authTokenTests = []storeTest{
	{"a link is taken once, as stored", testTakeOnce},
	{"a link is taken for its own purpose only", testTakePurpose},
	{"a link is taken however old it is", testTakeOld},
	{"a newer link kills the older ones of its user and purpose only", testNewerLink},
	{"a user's link of a purpose can be looked at", testLinkOf},
	{"the links of some purposes are killed, of one user only", testRemoveAllLinks},
	{"a link needs a user", testLinkNeedsUser},
}

func testTakeOnce(t *testing.T, s *scene) {
	ctx, want := t.Context(), s.authToken(s.ada.ID, domain.TokenVerifyEmail)
	other := s.authToken(s.grace.ID, domain.TokenVerifyEmail)
	got, err := s.store.AuthTokens().Take(ctx, want.Hash, want.Purpose)
	s.must(err)
	wantEqual(t, "the link", got, want)
	_, err = s.store.AuthTokens().Take(ctx, want.Hash, want.Purpose)
	wantError(t, "Take again", err, domain.ErrInvalidToken)
	_, err = s.store.AuthTokens().Take(ctx, newToken(s.ids), want.Purpose)
	wantError(t, "Take of an unknown one", err, domain.ErrInvalidToken)
	s.wantTakes(other)
}

// wantTakes checks that a link works.
func (s *scene) wantTakes(want domain.AuthToken) {
	s.t.Helper()
	got, err := s.store.AuthTokens().Take(s.t.Context(), want.Hash, want.Purpose)
	if err != nil {
		s.t.Errorf("Take for %s = %v, want it to work", want.Purpose, err)
		return
	}
	wantEqual(s.t, "the link", got, want)
}

// wantDead checks that a link works no more.
func (s *scene) wantDead(token domain.AuthToken) {
	s.t.Helper()
	_, err := s.store.AuthTokens().Take(s.t.Context(), token.Hash, token.Purpose)
	wantError(s.t, "Take for "+string(token.Purpose), err, domain.ErrInvalidToken)
}

func testTakePurpose(t *testing.T, s *scene) {
	ctx, link := t.Context(), s.authToken(s.ada.ID, domain.TokenChangeEmail)
	_, err := s.store.AuthTokens().Take(ctx, link.Hash, domain.TokenResetPassword, domain.TokenRevertEmail)
	wantError(t, "Take for other purposes", err, domain.ErrInvalidToken)
	got, err := s.store.AuthTokens().Take(ctx, link.Hash, domain.TokenVerifyEmail, domain.TokenChangeEmail)
	s.must(err)
	wantEqual(t, "the link, for one of two purposes", got, link)
}

func testTakeOld(t *testing.T, s *scene) {
	link := domain.AuthToken{
		Hash: newToken(s.ids), Purpose: domain.TokenRevertEmail, User: s.ada.ID,
		Email: "old@example.com", CreatedAt: noon.AddDate(-10, 0, 0),
	}
	s.must(s.store.AuthTokens().Add(t.Context(), link))
	s.wantTakes(link)
}

func testNewerLink(_ *testing.T, s *scene) {
	older := s.authToken(s.ada.ID, domain.TokenVerifyEmail)
	otherPurpose := s.authToken(s.ada.ID, domain.TokenChangeEmail)
	otherUser := s.authToken(s.grace.ID, domain.TokenVerifyEmail)
	newer := s.authToken(s.ada.ID, domain.TokenVerifyEmail)
	s.wantDead(older)
	s.wantTakes(otherPurpose)
	s.wantTakes(otherUser)
	s.wantTakes(newer)

	// After one was taken, too, the next one counts.
	s.wantTakes(s.authToken(s.ada.ID, domain.TokenVerifyEmail))
}

func testRemoveAllLinks(t *testing.T, s *scene) {
	verify := s.authToken(s.ada.ID, domain.TokenVerifyEmail)
	change := s.authToken(s.ada.ID, domain.TokenChangeEmail)
	revert := s.authToken(s.ada.ID, domain.TokenRevertEmail)
	otherUser := s.authToken(s.grace.ID, domain.TokenVerifyEmail)
	s.must(s.store.AuthTokens().RemoveAll(t.Context(), s.ada.ID, domain.TokenVerifyEmail, domain.TokenChangeEmail))
	s.wantDead(verify)
	s.wantDead(change)
	s.wantTakes(revert)
	s.wantTakes(otherUser)
	s.must(s.store.AuthTokens().RemoveAll(t.Context(), s.ada.ID, domain.TokenVerifyEmail))
}

func testLinkNeedsUser(t *testing.T, s *scene) {
	link := domain.AuthToken{
		Hash: newToken(s.ids), Purpose: domain.TokenVerifyEmail, User: newID[domain.UserID](s.ids),
		Email: "eve@example.com", CreatedAt: noon,
	}
	wantAnyError(t, "Add", s.store.AuthTokens().Add(t.Context(), link))
	s.wantDead(link)
}

func testLinkOf(t *testing.T, s *scene) {
	ctx := t.Context()
	_, err := s.store.AuthTokens().Of(ctx, s.ada.ID, domain.TokenRevertEmail)
	wantError(t, "Of a purpose without a link", err, domain.ErrNotFound)
	want := s.authToken(s.ada.ID, domain.TokenRevertEmail)
	s.authToken(s.grace.ID, domain.TokenRevertEmail)
	s.authToken(s.ada.ID, domain.TokenVerifyEmail)
	for range 2 { // looking does not use it up
		got, err := s.store.AuthTokens().Of(ctx, s.ada.ID, domain.TokenRevertEmail)
		s.must(err)
		wantEqual(t, "the link", got, want)
	}
	s.wantTakes(want)
	_, err = s.store.AuthTokens().Of(ctx, s.ada.ID, domain.TokenRevertEmail)
	wantError(t, "Of a link that was taken", err, domain.ErrNotFound)
}
