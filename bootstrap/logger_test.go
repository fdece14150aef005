package bootstrap_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rowhouse/bootstrap"
)

// lines is a writer that counts how often it is written to.
type lines struct {
	mu     sync.Mutex
	writes int
	text   strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes++
	return l.text.Write(p)
}

func (l *lines) seen() (writes int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes, l.text.String()
}

func TestNewLogs_WritesOneJSONObjectALine(t *testing.T) {
	t.Parallel()
	out := &lines{}
	log, flush := bootstrap.NewLogs(out, slog.LevelInfo)
	log.With("organization", "acme").WithGroup("job").Info("a \"quoted\"\nmessage", slog.Duration("took", time.Second), slog.Any("error", "é\x00"))
	log.Debug("too quiet to be heard")
	flush()
	_, text := out.seen()
	if strings.Count(text, "\n") != 1 {
		t.Errorf("logged %q, want one line", text)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if line["msg"] != "a \"quoted\"\nmessage" || line["level"] != "INFO" || line["organization"] != "acme" {
		t.Errorf("line = %v", line)
	}
}

func TestNewLogs_GathersLinesForAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &lines{}
		log, _ := bootstrap.NewLogs(out, slog.LevelInfo)
		for range 10 {
			log.Info("one of many")
		}
		if writes, _ := out.seen(); writes != 0 {
			t.Errorf("%d writes at once, want none", writes)
		}
		time.Sleep(time.Second) // on the clock of the bubble: it takes no time
		writes, text := out.seen()
		if writes != 1 || strings.Count(text, "one of many") != 10 {
			t.Errorf("%d writes of %q, want all ten lines in one", writes, text)
		}
	})
}

func TestNewLogs_WritesWarningsAtOnce(t *testing.T) {
	t.Parallel()
	out := &lines{}
	log, _ := bootstrap.NewLogs(out, slog.LevelInfo)
	log.Info("before")
	log.Warn("now")
	if _, text := out.seen(); !strings.Contains(text, "before") || !strings.Contains(text, "now") {
		t.Errorf("logged %q, want both lines at once", text)
	}
}

func TestNewLogs_WritesALotWithoutWaiting(t *testing.T) {
	t.Parallel()
	out := &lines{}
	log, _ := bootstrap.NewLogs(out, slog.LevelInfo)
	for range 10 {
		log.Info(strings.Repeat("long ", 2000))
	}
	if writes, _ := out.seen(); writes == 0 {
		t.Error("nothing was written of 100 kB")
	}
}
