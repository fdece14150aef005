package domain_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rowhouse/core/domain"
)

func TestJobDelay(t *testing.T) {
	t.Parallel()
	want := []time.Duration{
		time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	}
	for i, middle := range want {
		for spread, factor := range map[float64]float64{0: 0.8, 0.5: 1, 1: 1.2} {
			got, again := domain.JobDelay(int64(i+1), spread)
			if expected := time.Duration(factor * float64(middle)); !again || (got-expected).Abs() > time.Microsecond {
				t.Errorf("after %d failures, with a spread of %v: %v, %t; want %v", i+1, spread, got, again, expected)
			}
		}
	}
	for _, n := range []int64{-1, 0, 9, 1000} {
		if got, again := domain.JobDelay(n, 0.5); again || got != 0 {
			t.Errorf("after %d failures: %v, %t; want it given up", n, got, again)
		}
	}
}

func TestPermanent(t *testing.T) {
	t.Parallel()
	cause := errors.New("no such mailbox")
	err := fmt.Errorf("send: %w", domain.Permanent(cause))
	if !domain.IsPermanent(err) || !errors.Is(err, cause) {
		t.Errorf("%v is permanent: %t, because of its cause: %t; want both", err, domain.IsPermanent(err), errors.Is(err, cause))
	}
	if domain.IsPermanent(cause) || domain.IsPermanent(nil) || !domain.IsPermanent(domain.ErrTenantMismatch) {
		t.Error("what was not marked is permanent, or a mismatch of tenants is not")
	}
}

func TestNewJob(t *testing.T) {
	t.Parallel()
	job := domain.NewJob("id", "acme", "mail.invitation", map[string]int{"sent": 1}, noon)
	if string(job.Payload) != `{"sent":1}` || job.ID != "id" || job.Organization != "acme" || job.Kind != "mail.invitation" || !job.CreatedAt.Equal(noon) {
		t.Errorf("NewJob = %+v", job)
	}
	defer func() {
		if recover() == nil {
			t.Error("a payload that cannot be encoded makes a job")
		}
	}()
	domain.NewJob("id", "", "kind", make(chan int), noon)
}
