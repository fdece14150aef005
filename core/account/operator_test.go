package account_test

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

func TestSetOperator(t *testing.T) {
	t.Parallel()
	t.Run("grants and revokes", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		want := s.ada()
		for _, operator := range []bool{true, false} {
			s.Clock.Advance(time.Minute)
			want.IsOperator, want.UpdatedAt = operator, s.Clock.Now()
			got, err := s.service.SetOperator(t.Context(), " Ada@Example.com", operator)
			s.Must(err)
			if got != want || s.ada() != want {
				t.Errorf("SetOperator = %#v\nwant %#v", got, want)
			}
		}
		s.wantMails()
	})
	t.Run("changes nothing where it is so already", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		s.Clock.Advance(time.Minute)
		s.WantUnchanged("SetOperator", nil, func() error {
			_, err := s.service.SetOperator(t.Context(), "ada@example.com", false)
			return err
		})
	})
	t.Run("refuses who is nobody", func(t *testing.T) {
		t.Parallel()
		s := newScene(t)
		for address, want := range map[string]error{"nobody@example.com": domain.ErrNotFound, "ada": field("email", "invalid_email")} {
			s.WantUnchanged("SetOperator", want, func() error {
				_, err := s.service.SetOperator(t.Context(), address, true)
				return err
			})
		}
	})
}
