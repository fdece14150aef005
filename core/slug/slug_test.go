package slug_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/slug"
)

func TestMakerFrom(t *testing.T) {
	t.Parallel()
	maker := slug.NewMaker(coretest.Transliterator{})
	for name, want := range map[string]domain.Slug{
		"Acme Rockets": "acme-rockets",
		"Žofie Müller": "zofie-muller",
		"Юлия":         "iuliia",
		"北京":           "bei-jing",
		"🚀":            "workspace",
		"Q":            "q-workspace",
	} {
		if got := maker.From(name, "workspace"); got != want {
			t.Errorf("From(%q) = %q, want %q", name, got, want)
		}
	}
}

// shelf is addresses of which some are known to be taken, and some are lost
// only when they are claimed.
type shelf struct {
	taken, lost []domain.Slug
	outage      error // of taken
	refusal     error // of a claim that is not lost

	asked   int // how often taken was called
	claimed []domain.Slug
}

var errLost = errors.New("somebody else was faster")

func (s *shelf) Taken(_ context.Context, slugs []domain.Slug) ([]domain.Slug, error) {
	s.asked++
	var found []domain.Slug
	for _, candidate := range slugs {
		if slices.Contains(s.taken, candidate) {
			found = append(found, candidate)
		}
	}
	return found, s.outage
}

func (s *shelf) Claim(_ context.Context, candidate domain.Slug) error {
	s.claimed = append(s.claimed, candidate)
	if slices.Contains(s.lost, candidate) {
		return fmt.Errorf("claim: %w", errLost)
	}
	return s.refusal
}

// numbered returns acme, acme-2, … up to acme-n.
func numbered(n int) []domain.Slug {
	slugs := []domain.Slug{"acme"}
	for i := 2; i <= n; i++ {
		slugs = append(slugs, domain.Slug(fmt.Sprintf("acme-%d", i)))
	}
	return slugs
}

func TestClaimFree(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		base    domain.Slug
		shelf   shelf
		want    domain.Slug
		claimed []domain.Slug
	}{
		{"the base itself where it is free", "acme", shelf{}, "acme", []domain.Slug{"acme"}},
		{"the second where the base is taken", "acme", shelf{taken: numbered(1)}, "acme-2", []domain.Slug{"acme-2"}},
		{"a gap", "acme", shelf{taken: []domain.Slug{"acme", "acme-3"}}, "acme-2", []domain.Slug{"acme-2"}},
		{"the next where one was lost", "acme", shelf{lost: numbered(2)}, "acme-3", []domain.Slug{"acme", "acme-2", "acme-3"}},
		{"one beyond the first look", "acme", shelf{taken: numbered(8)}, "acme-9", []domain.Slug{"acme-9"}},
		{"one far beyond the first look", "acme", shelf{taken: numbered(500)}, "acme-501", []domain.Slug{"acme-501"}},
		{"one beyond the first look where all of it was lost", "acme", shelf{lost: numbered(8)}, "acme-9", numbered(9)},
		{"no reserved word", "admin", shelf{}, "admin-2", []domain.Slug{"admin-2"}},
	}
	for _, tt := range tests {
		t.Run("finds "+tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := slug.ClaimFree(t.Context(), tt.base, tt.shelf.Taken, tt.shelf.Claim, errLost)
			if got != tt.want || err != nil {
				t.Errorf("ClaimFree = %q, %v; want %q", got, err, tt.want)
			}
			if !slices.Equal(tt.shelf.claimed, tt.claimed) {
				t.Errorf("claimed %q, want %q", tt.shelf.claimed, tt.claimed)
			}
		})
	}
	t.Run("asks seldom", func(t *testing.T) {
		t.Parallel()
		s := shelf{taken: numbered(1000)}
		if got, err := slug.ClaimFree(t.Context(), "acme", s.Taken, s.Claim, errLost); got != "acme-1001" || err != nil {
			t.Errorf("ClaimFree = %q, %v; want acme-1001", got, err)
		}
		if s.asked > 8 {
			t.Errorf("asked %d times for a thousand addresses, want at most 8", s.asked)
		}
	})
	t.Run("an outage while it looks ends it", func(t *testing.T) {
		t.Parallel()
		s := shelf{outage: errors.New("outage")}
		if _, err := slug.ClaimFree(t.Context(), "acme", s.Taken, s.Claim, errLost); !errors.Is(err, s.outage) {
			t.Errorf("ClaimFree = %v, want %v", err, s.outage)
		}
		if len(s.claimed) > 0 {
			t.Errorf("claimed %q, want nothing", s.claimed)
		}
	})
	t.Run("a claim that is refused is not tried again", func(t *testing.T) {
		t.Parallel()
		s := shelf{refusal: domain.ErrWorkspaceLimitReached}
		if _, err := slug.ClaimFree(t.Context(), "acme", s.Taken, s.Claim, errLost); !errors.Is(err, s.refusal) {
			t.Errorf("ClaimFree = %v, want %v", err, s.refusal)
		}
		if !slices.Equal(s.claimed, numbered(1)) {
			t.Errorf("claimed %q, want one", s.claimed)
		}
	})
}

func TestFirstFree(t *testing.T) {
	t.Parallel()
	s := shelf{taken: numbered(20)}
	if got, err := slug.FirstFree(t.Context(), "acme", s.Taken); got != "acme-21" || err != nil {
		t.Errorf("FirstFree = %q, %v; want acme-21", got, err)
	}
	s = shelf{outage: errors.New("outage")}
	if _, err := slug.FirstFree(t.Context(), "acme", s.Taken); !errors.Is(err, s.outage) {
		t.Errorf("FirstFree = %v, want %v", err, s.outage)
	}
}

func TestFree(t *testing.T) {
	t.Parallel()
	candidates := numbered(4)
	s := shelf{taken: []domain.Slug{"acme-2", "acme-4"}}
	got, err := slug.Free(t.Context(), candidates, s.Taken)
	if want := []domain.Slug{"acme", "acme-3"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("Free = %q, %v; want %q", got, err, want)
	}
	if !slices.Equal(candidates, numbered(4)) {
		t.Errorf("the candidates have become %q", candidates)
	}
}
