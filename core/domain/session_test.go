package domain_test

import (
	"testing"
	"time"

	"rowhouse/core/domain"
)

func TestSessionLive(t *testing.T) {
	t.Parallel()
	const (
		moment = time.Microsecond
		day    = 24 * time.Hour
	)
	tests := []struct {
		name   string
		usedAt time.Duration // since sign-in
		at     time.Duration
		want   bool
	}{
		{"at once", 0, 0, true},
		{"a moment before a day without use", 0, day - moment, true},
		{"a day without use", 0, day, false},
		{"a moment after a day without use", 0, day + moment, false},
		{"a day after sign-in, but used since", time.Hour, day, true},
		{"a moment before a day after the last use", time.Hour, day + time.Hour - moment, true},
		{"a day after the last use", time.Hour, day + time.Hour, false},
		{"a moment before two weeks, just used", 14*day - time.Minute, 14*day - moment, true},
		{"two weeks after sign-in, just used", 14*day - moment, 14 * day, false},
		{"a moment after two weeks, used later still", 15 * day, 14*day + moment, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			session := domain.Session{CreatedAt: noon, LastSeenAt: noon.Add(tt.usedAt)}
			if got := session.Live(noon.Add(tt.at)); got != tt.want {
				t.Errorf("Live = %t, want %t", got, tt.want)
			}
		})
	}
	t.Run("a session of nobody", func(t *testing.T) {
		t.Parallel()
		if (domain.Session{}).Live(noon) {
			t.Error("Live = true, want false")
		}
	})
}

func TestSessionSudo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		at   time.Duration
		want bool
	}{
		{"at once", 0, true},
		{"a moment before ten minutes", 10*time.Minute - time.Microsecond, true},
		{"after ten minutes", 10 * time.Minute, false},
		{"a moment after ten minutes", 10*time.Minute + time.Microsecond, false},
		{"a second after ten minutes", 10*time.Minute + time.Second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (domain.Session{SudoAt: noon}).Sudo(noon.Add(tt.at)); got != tt.want {
				t.Errorf("Sudo = %t, want %t", got, tt.want)
			}
		})
	}
	t.Run("a session in which the password was never given", func(t *testing.T) {
		t.Parallel()
		if (domain.Session{}).Sudo(noon) {
			t.Error("Sudo = true, want false")
		}
	})
}
