package demo_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rowhouse/adapters/memory"
	"rowhouse/core/demo"
	"rowhouse/core/domain"
)

func TestMailbox(t *testing.T) {
	t.Parallel()
	mailbox := memory.NewMailbox()
	for _, mail := range []domain.Mail{
		{ID: "1", To: "ada@example.com"}, {ID: "2", To: "grace@example.com"}, {ID: "3", To: "ada@example.com"}, {ID: "4", To: "ada+x@example.com"},
	} {
		if err := mailbox.Send(t.Context(), mail); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		to   string
		want []domain.MailID
	}{
		"everybody's, newest first":         {"", []domain.MailID{"4", "3", "2", "1"}},
		"one person's, newest first":        {"ada@example.com", []domain.MailID{"3", "1"}},
		"one person's, however it is typed": {" ADA@Example.com ", []domain.MailID{"3", "1"}},
		"one with a tag":                    {"ada+x@example.com", []domain.MailID{"4"}},
		"nobody's":                          {"linus@example.com", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mails, err := demo.NewService(mailbox, memory.NewClock(), nil).Mailbox(t.Context(), tt.to)
			var got []domain.MailID
			for _, mail := range mails {
				got = append(got, mail.ID)
			}
			if !slices.Equal(got, tt.want) || err != nil {
				t.Errorf("Mailbox(%q) = %q, %v; want %q", tt.to, got, err, tt.want)
			}
		})
	}
	t.Run("no address", func(t *testing.T) {
		t.Parallel()
		mails, err := demo.NewService(mailbox, memory.NewClock(), nil).Mailbox(t.Context(), "ada")
		if !errors.Is(err, domain.Invalid("to", "invalid_email", "")) || mails != nil {
			t.Errorf("Mailbox = %v, %v; want an error about to", mails, err)
		}
	})
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	clock, worked := memory.NewClock(), time.Time{}
	service := demo.NewService(memory.NewMailbox(), clock, func(context.Context) error {
		worked = clock.Now()
		return nil
	})
	start := clock.Now()
	now, err := service.Advance(t.Context(), 31)
	if want := start.AddDate(0, 0, 31); err != nil || !now.Equal(want) || !worked.Equal(want) {
		t.Errorf("Advance = %v, %v, and worked at %v; want all at %v", now, err, worked, want)
	}
	for _, days := range []int64{-1, 0, 401, 1 << 60} {
		if _, err := service.Advance(t.Context(), days); !errors.Is(err, domain.Invalid("advance_days", "out_of_range", "")) {
			t.Errorf("Advance(%d) = %v, want it out of range", days, err)
		}
	}
	if !clock.Now().Equal(now) {
		t.Error("the clock was moved by what was refused")
	}
}
