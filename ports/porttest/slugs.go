package porttest

import (
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var slugTests = []storeTest{
	{"an organization is found by its present and its old slugs", testOldSlug},
	{"a slug of another organization cannot be claimed, now or later", testSlugTaken},
	{"an organization can take back a slug that it gave up", testSlugTakenBack},
	{"claiming the present slug again changes nothing", testSlugClaimedAgain},
	{"an update can go on after a slug that was taken", testSlugUpdateGoesOn},
}

var slugReservationTests = []storeTest{
	{"a slug that was given up is reserved for 90 days to the microsecond", testSlugReservation},
	{"a slug that was given up can be claimed by another afterwards, and leads there", testSlugMovesOn},
	{"the slugs of a removed organization stay reserved", testSlugRelease},
	{"releasing gives up one's own slugs only", testSlugReleaseOwn},
}

// claim makes the slug the company's.
func (s *scene) claim(c company, slug domain.Slug, at time.Time) {
	s.t.Helper()
	s.must(s.store.Slugs().Claim(s.t.Context(), c.id, slug, at))
}

// wantSlugTaken checks that neither another organization nor a new one can
// have the slug, in words and in deed.
func (s *scene) wantSlugTaken(c company, slug domain.Slug, at time.Time) {
	s.t.Helper()
	wantItems(s.t, "Taken", s.taken(at, slug), []domain.Slug{slug})
	wantError(s.t, "Claim", s.store.Slugs().Claim(s.t.Context(), c.id, slug, at), domain.ErrSlugTaken)
}

// wantLeadsTo checks where the slug leads a member to.
func (s *scene) wantLeadsTo(user domain.User, slug domain.Slug, want company) {
	s.t.Helper()
	wantEqual(s.t, "the organization at "+string(slug), s.actor(user.ID, string(slug)).Organization, want.id)
}

func testOldSlug(t *testing.T, s *scene) {
	s.claim(s.acme, "acme-two", noon)
	s.claim(s.acme, "acme-three", noon.Add(time.Hour))
	for _, slug := range []domain.Slug{s.acme.slug, "acme-two", "acme-three"} {
		s.wantLeadsTo(s.ada, slug, s.acme)
		_, err := s.store.Directory().Actor(t.Context(), s.hedy.ID, string(slug))
		wantError(t, "Actor of a stranger", err, domain.ErrNotFound)
	}
	s.wantLeadsTo(s.hedy, s.globex.slug, s.globex)
	wantItems(t, "Taken", s.taken(noon.Add(time.Hour), s.acme.slug, "acme-two", "acme-three", "acme-four"),
		[]domain.Slug{"acme-three", "acme-two", s.acme.slug})
}

func testSlugTaken(t *testing.T, s *scene) {
	before := s.state()
	s.wantSlugTaken(s.globex, s.acme.slug, noon)
	s.wantSlugTaken(s.globex, s.acme.slug, noon.Add(10*domain.SlugReservation))
	wantSame(t, "the store", s.state(), before)
	s.wantLeadsTo(s.hedy, s.globex.slug, s.globex)
	wantItems(t, "Taken of none", s.taken(noon), nil)
}

func testSlugTakenBack(_ *testing.T, s *scene) {
	s.claim(s.acme, "acme-two", noon)
	s.claim(s.acme, s.acme.slug, noon.Add(time.Hour))
	s.wantLeadsTo(s.ada, s.acme.slug, s.acme)
	s.wantLeadsTo(s.ada, "acme-two", s.acme)

	// It is the present one again, not one on its way out.
	late := noon.Add(time.Hour + domain.SlugReservation)
	s.wantSlugTaken(s.globex, s.acme.slug, late)
	s.claim(s.globex, "acme-two", late)

	// Even after the reservation it is there for its own organization.
	s.claim(s.acme, "acme-four", late)
	s.claim(s.acme, s.acme.slug, late.Add(2*domain.SlugReservation))
	s.wantLeadsTo(s.ada, s.acme.slug, s.acme)
}

func testSlugClaimedAgain(t *testing.T, s *scene) {
	before := s.state()
	s.claim(s.acme, s.acme.slug, noon)
	wantSame(t, "the store", s.state(), before)
	s.wantSlugTaken(s.globex, s.acme.slug, noon.Add(2*domain.SlugReservation))
}

func testSlugUpdateGoesOn(t *testing.T, s *scene) {
	ctx := t.Context()
	s.update(s.globex, func(tx ports.Repositories) error {
		wantError(t, "Claim", tx.Slugs().Claim(ctx, s.globex.id, s.acme.slug, noon), domain.ErrSlugTaken)
		return tx.Slugs().Claim(ctx, s.globex.id, "globex-two", noon)
	})
	s.wantLeadsTo(s.hedy, "globex-two", s.globex)
	s.wantLeadsTo(s.hedy, s.globex.slug, s.globex)
	s.wantLeadsTo(s.ada, s.acme.slug, s.acme)
}

func testSlugReservation(_ *testing.T, s *scene) {
	s.claim(s.acme, "acme-two", noon)
	s.claim(s.acme, "acme-three", noon.Add(time.Hour))
	end := noon.Add(domain.SlugReservation)
	s.wantSlugTaken(s.globex, s.acme.slug, noon)
	s.wantSlugTaken(s.globex, s.acme.slug, end.Add(-time.Microsecond))

	// Counted from when it was given up, not from when it was claimed, and
	// not moved by a later change.
	s.wantSlugTaken(s.globex, "acme-two", end)
	wantItems(s.t, "Taken at the end of the reservation", s.taken(end, s.acme.slug), nil)
	s.claim(s.globex, s.acme.slug, end)
}

func testSlugMovesOn(t *testing.T, s *scene) {
	ctx, end := t.Context(), noon.Add(domain.SlugReservation)
	s.claim(s.acme, "acme-two", noon)
	s.claim(s.globex, s.acme.slug, end)
	s.wantLeadsTo(s.hedy, s.acme.slug, s.globex)
	s.wantLeadsTo(s.hedy, s.globex.slug, s.globex)
	s.wantLeadsTo(s.ada, "acme-two", s.acme)
	_, err := s.store.Directory().Actor(ctx, s.ada.ID, string(s.acme.slug))
	wantError(t, "Actor by a slug that moved on", err, domain.ErrNotFound)
	wantEqual(t, "the actor of a member of both", s.actor(s.grace.ID, string(s.acme.slug)).Organization, s.globex.id)

	// The former holder has no claim any more.
	s.wantSlugTaken(s.acme, s.acme.slug, end.Add(2*domain.SlugReservation))
}

func testSlugRelease(t *testing.T, s *scene) {
	ctx := t.Context()
	s.claim(s.acme, "acme-two", noon)
	removed := noon.Add(time.Hour)
	s.update(s.acme, func(tx ports.Repositories) error {
		return first(
			func() error { return tx.Slugs().Release(ctx, s.acme.id, removed) },
			func() error { return s.acme.in(tx).Organization().Remove(ctx) },
		)
	})
	for _, slug := range []domain.Slug{s.acme.slug, "acme-two"} {
		_, err := s.store.Directory().Actor(ctx, s.ada.ID, string(slug))
		wantError(t, "Actor by "+string(slug), err, domain.ErrNotFound)
		s.wantSlugTaken(s.globex, slug, removed)
	}
	s.wantSlugTaken(s.globex, "acme-two", removed.Add(domain.SlugReservation-time.Microsecond))
	wantItems(t, "Taken at the end of the reservation", s.taken(removed.Add(domain.SlugReservation), "acme-two", s.acme.slug), nil)
	s.claim(s.globex, "acme-two", removed.Add(domain.SlugReservation))
	s.wantLeadsTo(s.hedy, "acme-two", s.globex)
}

func testSlugReleaseOwn(t *testing.T, s *scene) {
	ctx, end := t.Context(), noon.Add(domain.SlugReservation)
	s.claim(s.acme, "acme-two", noon)
	s.claim(s.globex, s.acme.slug, end)
	s.must(s.store.Slugs().Release(ctx, s.acme.id, end))
	third := s.company(s.linus)
	for _, slug := range []domain.Slug{s.acme.slug, s.globex.slug} {
		s.wantLeadsTo(s.hedy, slug, s.globex)
	}
	// What moved on to globex is globex's present slug: it was not released.
	s.wantSlugTaken(third, s.acme.slug, end.Add(2*domain.SlugReservation))
	s.claim(third, "acme-two", end.Add(domain.SlugReservation))
	s.wantLeadsTo(s.linus, "acme-two", third)
}
