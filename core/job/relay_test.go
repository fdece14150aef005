package job_test

import (
	"errors"
	"testing"
	"time"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/job"
)

func TestRelay_PublishesWhatIsDueOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ids := s.record(120)
	q := &queue{}
	relay := job.NewRelay(s.jobs, q, s.Clock)
	for i, want := range []bool{true, true, false} {
		more, err := relay.Once(t.Context())
		if err != nil || more != want {
			t.Errorf("Once %d = %t, %v; want %t", i, more, err, want)
		}
	}
	wantTaken(t, q, ids)
}

func TestRelay_WhatTheQueueRefusesStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ids := s.record(3)
	errNoRoute := errors.New("no route")
	q := &queue{refuses: map[domain.JobID]error{ids[1]: errNoRoute}}
	relay := job.NewRelay(s.jobs, q, s.Clock)
	_, err := relay.Once(t.Context())
	coretest.WantError(t, "Once", err, errNoRoute)
	wantTaken(t, q, []domain.JobID{ids[0], ids[2]})
	q.refuses = nil
	s.Clock.Advance(time.Second)
	_, err = relay.Once(t.Context())
	s.Must(err)
	wantTaken(t, q, []domain.JobID{ids[0], ids[2], ids[1]})
}

func TestScheduler_RecordsEachTickOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	schedules := []job.Schedule{{Kind: "hourly", Every: time.Hour}, {Kind: "daily", Every: 24 * time.Hour}}
	tick := func() {
		for _, err := range coretest.Together(3, func(int) error { // as many workers
			return job.NewScheduler(s.jobs, s.Clock, s.IDs, schedules).Tick(t.Context())
		}) {
			s.Must(err)
		}
	}
	count := func() map[domain.JobKind]int {
		page, err := s.jobs.List(t.Context(), domain.JobQueued, "", domain.PageRequest{Limit: 100})
		s.Must(err)
		kinds := map[domain.JobKind]int{}
		for _, j := range page.Items {
			kinds[j.Kind]++
		}
		return kinds
	}
	want := func(when string, hourly, daily int) {
		t.Helper()
		if got := count(); got["hourly"] != hourly || got["daily"] != daily {
			t.Errorf("%s: %v, want %d hourly and %d daily", when, got, hourly, daily)
		}
	}
	tick()
	tick()
	want("at first", 1, 1)
	s.Clock.Set(s.Clock.Now().Truncate(time.Hour).Add(time.Hour - time.Microsecond))
	tick()
	want("within the hour", 1, 1)
	s.Clock.Advance(time.Microsecond)
	tick()
	want("an hour later", 2, 1)
	s.Clock.Advance(100 * time.Hour)
	tick()
	want("after a long break, caught up by one", 3, 2)
}
