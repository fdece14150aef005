package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// figure is something that was measured, with what it must reach.
type figure struct {
	name   string
	values []float64 // one for each round
	unit   string
	floor  float64 // 0 for none
	ceil   float64 // 0 for none
}

func (f figure) median() float64 {
	sorted := slices.Sorted(slices.Values(f.values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

func (f figure) ok() bool {
	m := f.median()
	return (f.floor == 0 || m >= f.floor) && (f.ceil == 0 || m <= f.ceil)
}

func (f figure) goal() string {
	switch {
	case f.floor != 0:
		return fmt.Sprintf("at least %.2f", f.floor)
	case f.ceil != 0:
		return fmt.Sprintf("at most %.4g", f.ceil)
	default:
		return "-"
	}
}

// writeJSON keeps the figures for whoever compares them with those of another
// day.
func writeJSON(name string, figures []figure) error {
	type entry struct {
		Name   string    `json:"name"`
		Unit   string    `json:"unit,omitempty"`
		Median float64   `json:"median"`
		Floor  float64   `json:"floor,omitempty"`
		Ceil   float64   `json:"ceil,omitempty"`
		OK     bool      `json:"ok"`
		Rounds []float64 `json:"rounds"`
	}
	entries := make([]entry, len(figures))
	for i, f := range figures {
		entries[i] = entry{strings.TrimSpace(f.name), strings.TrimSpace(f.unit), f.median(), f.floor, f.ceil, f.ok(), f.values}
	}
	text, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o600)
}

// report prints the figures as a table, and fails where one misses its goal.
func report(out io.Writer, figures []figure) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "figure\tmedian\tlowest\thighest\tgoal\t")
	var missed []string
	for _, f := range figures {
		verdict := ""
		if !f.ok() {
			verdict = "MISSED"
			missed = append(missed, f.name)
		}
		_, _ = fmt.Fprintf(table, "%s\t%.2f%s\t%.2f\t%.2f\t%s\t%s\n",
			f.name, f.median(), f.unit, slices.Min(f.values), slices.Max(f.values), f.goal(), verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(missed) > 0 {
		return errors.New("missed: " + strings.Join(missed, ", "))
	}
	return nil
}
