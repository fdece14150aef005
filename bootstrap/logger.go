package bootstrap

import (
	"io"
	"log/slog"
)

// NewLogger returns a logger that writes JSON, one line for each event.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}
