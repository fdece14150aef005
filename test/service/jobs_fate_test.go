package service_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"rowhouse/adapters/rabbitmq/rabbittest"
	"rowhouse/core/domain"
)

// What no worker knows how to do keeps nothing else from being done, and waits
// for somebody to look at it.
func TestAJobOfAnUnknownKindIsGivenUpAlone(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	busy(t)
	const all = 1000
	jobs := w.letters(all)
	poison := w.job("", "mail.carrier_pigeon", M{"user": w.user})
	jobs[all/2] = poison
	w.record(t, jobs...)
	work(t, w.environment)
	took := w.awaitDone(t, 30*time.Second, all-1)
	eventually(t, patience, "the other is given up", func() bool { return w.count(t, isDead) == 1 })
	report(t, "%d jobs done in %s, beside one of an unknown kind", all-1, took)
	if done, effects, taken := w.count(t, isDone), w.effects(t), w.mails.taken.Load(); done != all-1 || effects != all-1 || taken != all-1 {
		t.Errorf("%d done, %d effects, %d mails; want %d of each", done, effects, taken, all-1)
	}
	line := listed(w.jobs(t, "list").must(t), poison.ID)
	for _, want := range []string{"mail.carrier_pigeon", "unknown kind of job"} {
		if !strings.Contains(line, want) {
			t.Errorf("the list says %q about it, want %q", line, want)
		}
	}
	if said := w.jobs(t, "discard", string(poison.ID)).must(t); !strings.Contains(said, "is forgotten") {
		t.Errorf("discard says %q", said)
	}
	if line := listed(w.jobs(t, "list").must(t), poison.ID); line != "" {
		t.Errorf("the list still has %q", line)
	}
	w.jobs(t, "discard", string(poison.ID)).mustRefuse(t, string(poison.ID))
	w.jobs(t, "discard", string(jobs[0].ID)).mustRefuse(t, string(jobs[0].ID)) // which is done
}

// Somebody repairs what cannot be read, and says twice that it is to be tried
// again: once is enough.
func TestAJobThatIsRepairedHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	broken := w.job("", "mail.password_changed", raw(`"not what it should be"`))
	w.record(t, broken)
	work(t, w.environment)
	eventually(t, patience, "it is given up", func() bool { return w.count(t, isDead) == 1 })
	if line := listed(w.jobs(t, "list").must(t), broken.ID); !strings.Contains(line, "payload") {
		t.Errorf("the list says %q about it, want what is wrong with it", line)
	}
	if n := w.mails.taken.Load(); n != 0 {
		t.Errorf("%d mails, want none yet", n)
	}
	w.d.Exec(t, `UPDATE app.outbox SET payload = json_build_object('user', $1::text) WHERE id = $2::uuid`, string(w.user), string(broken.ID))
	w.mails.delay.Store(int64(200 * time.Millisecond)) // so that the second comes meanwhile
	for range 2 {
		w.jobs(t, "retry", string(broken.ID))
	}
	w.awaitDone(t, 2*patience, 1)
	w.jobs(t, "retry", string(broken.ID)).mustRefuse(t, "done")
	time.Sleep(3 * time.Second) // for what might come again
	if effects, taken := w.effects(t), w.mails.taken.Load(); effects != 1 || taken != 1 {
		t.Errorf("%d effects, %d mails; want one", effects, taken)
	}
}

func TestAJobReachesNoOtherTenant(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	api := serve(t, w.environment)
	both := newInviters(t, w.d, 2*invitationsADay, api)
	own, others := strings.TrimPrefix(both[0].path, "/organizations/"), both[1]
	invitation := others.invite(t, "grace@example.com")
	forged := w.job(own, "mail.invitation", M{"invitation": invitation, "sent": 1})
	w.record(t, forged)
	work(t, w.environment)
	w.awaitDone(t, patience, 1)
	eventually(t, patience, "it is given up", func() bool { return w.count(t, isDead) == 1 })
	if line := listed(w.jobs(t, "list", "--organization", own).must(t), forged.ID); !strings.Contains(line, "tenant_mismatch") {
		t.Errorf("the list says %q about it, want tenant_mismatch", line)
	}
	if mails := w.mails.to("grace@example.com"); len(mails) != 1 {
		t.Errorf("%d mails, want the one that the invitation's own organization sent", len(mails))
	}
}

// What cannot get into a queue stays recorded, until the queue is back: the
// worker sees to that by itself.
func TestJobsOutliveTheirQueue(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*rabbittest.Broker, string){
		"that is removed":                    (*rabbittest.Broker).DeleteQueue,
		"that the exchange does not lead to": (*rabbittest.Broker).Unbind,
	} {
		t.Run("a queue "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t)
			broker := rabbittest.Connect(t, rabbittest.URL(t))
			worker := work(t, w.environment)
			w.record(t, w.letters(50)...)
			w.awaitDone(t, patience, 50)
			eventually(t, patience, "the queue is empty", func() bool {
				n, there := broker.Messages(w.environment.jobs())
				return there && n == 0
			})
			harm(broker, w.environment.jobs())
			w.record(t, w.letters(50)...)
			took := w.awaitDone(t, 60*time.Second, 100)
			report(t, "50 jobs done %s after that", took)
			if n := w.mails.taken.Load(); n != 100 {
				t.Errorf("%d mails, want 100", n)
			}
			if said := worker.output(t); !strings.Contains(said, "rabbitmq can be used again") {
				t.Errorf("the log does not say that it can be used again:\n%s", said)
			}
		})
	}
}

// Workers that are told to stop, one after the other, while there is much to
// do.
func TestAWorkerThatIsToldToStopFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	busy(t)
	api := serve(t, w.environment)
	const all, workers = 2000, 5
	w.mails.delay.Store(int64(20 * time.Millisecond))
	w.record(t, w.letters(all)...)
	for n := range workers {
		worker := work(t, w.environment)
		w.awaitDone(t, patience, (n+1)*all/(workers+1))
		worker.signal(t, syscall.SIGTERM)
		since := time.Now()
		state := worker.awaitEnd(t, drain)
		took := time.Since(since)
		report(t, "stopped in %s, with %d of %d jobs done", took, w.count(t, isDone), all)
		if state.ExitCode() != 0 {
			t.Errorf("exit code %d, want 0", state.ExitCode())
		}
		if worker.logged(t, "stopped: what was under way is done") == nil {
			t.Error("it does not say that what was under way is done")
		}
		// What was begun is done, and what was sent is noted.
		if begun := w.count(t, isOpen+` AND attempts > 0`); begun > 0 {
			t.Errorf("%d jobs were begun and not done", begun)
		}
		if done, taken := w.count(t, isDone), w.mails.taken.Load(); int64(done) != taken {
			t.Errorf("%d jobs done and %d mails sent, want as many", done, taken)
		}
		if status, checks := api.ready(t); status != http.StatusOK {
			t.Errorf("/readyz = %d %v without a worker, want 200", status, checks)
		}
	}
	w.mails.delay.Store(0)
	work(t, w.environment)
	w.awaitDone(t, 2*patience, all)
	if mails, times := w.mails.twice(); mails > 0 || w.mails.taken.Load() != all {
		t.Errorf("%d mails sent, %d of them again (%d times); want %d, each once", w.mails.taken.Load(), mails, times, all)
	}
}

// One that has a job that takes long.
func TestAWorkerThatIsToldToStopTwiceEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	w.mails.delay.Store(int64(20 * time.Second))
	w.record(t, w.letters(1)...)
	worker := work(t, w.environment)
	eventually(t, patience, "it has begun", func() bool { return w.count(t, `attempts > 0`) == 1 })
	worker.signal(t, syscall.SIGTERM)
	time.Sleep(500 * time.Millisecond)
	if worker.hasEnded() {
		t.Fatal("it has ended although a job is under way")
	}
	worker.signal(t, syscall.SIGTERM)
	since := time.Now()
	worker.awaitEnd(t, patience)
	if took := time.Since(since); took > time.Second {
		t.Errorf("ended %s after the second signal, want at once", took)
	}
}

// A message that names no job at all is kept where somebody sees it.
func TestAMessageThatIsNoJobIsKept(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	work(t, w.environment)
	w.record(t, w.letters(1)...)
	w.awaitDone(t, patience, 1) // there is a queue by then
	broker := rabbittest.Connect(t, rabbittest.URL(t))
	broker.Publish(t.Context(), w.environment.jobs(), []byte("\xffhello"))
	broker.Publish(t.Context(), w.environment.jobs(), []byte(`{"id": "`+string(domain.JobID(newID()))+`"}`)) // of a job that is gone: nothing to do
	w.record(t, w.letters(1)...)
	w.awaitDone(t, patience, 2)
	eventually(t, patience, "the message is kept", func() bool {
		return listed(w.jobs(t, "list").must(t), "unreadable") != ""
	})
}
