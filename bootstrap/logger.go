package bootstrap

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Logs is where the product writes what happens: JSON, one line for each event.
type Logs struct {
	*slog.Logger

	// Requests gets the lines about requests; nil if they are too quiet for
	// the level.
	Requests io.Writer
}

// NewLogs returns logs that write to w. Lines are gathered for up to a tenth
// of a second and written together, warnings and errors at once. flush writes
// what is left, at the end.
func NewLogs(w io.Writer, level slog.Level) (logs Logs, flush func()) {
	gather := &gatherer{out: w}
	handler := slog.NewJSONHandler(gather, &slog.HandlerOptions{Level: level})
	logs.Logger = slog.New(urgent{handler, gather})
	if level <= slog.LevelInfo {
		logs.Requests = gather
	}
	return logs, gather.flush
}

// urgent lets no warning wait.
type urgent struct {
	slog.Handler

	gather *gatherer
}

// Handle implements slog.Handler.
func (u urgent) Handle(ctx context.Context, r slog.Record) error {
	err := u.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		u.gather.flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.gather}
}

// WithGroup implements slog.Handler.
func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.gather}
}

const (
	gatherTime = 100 * time.Millisecond
	gatherSize = 32 << 10
)

// gatherer writes many lines with one call of the operating system.
type gatherer struct {
	mu      sync.Mutex
	lines   []byte
	waiting bool // for a flush to come
	out     io.Writer
}

// Write implements io.Writer.
func (g *gatherer) Write(line []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, line...)
	if len(g.lines) >= gatherSize {
		g.writeOut()
	} else if !g.waiting {
		g.waiting = true
		time.AfterFunc(gatherTime, g.flush)
	}
	return len(line), nil
}

func (g *gatherer) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = false
	g.writeOut()
}

// writeOut writes what has been gathered. There is nobody to tell where that
// fails.
func (g *gatherer) writeOut() {
	if len(g.lines) > 0 {
		_, _ = g.out.Write(g.lines)
		g.lines = g.lines[:0]
	}
}
