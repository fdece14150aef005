package service_test

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// outcome is how a command ended.
type outcome struct {
	code        int
	out, output string // standard output and error
}

// run runs a command of the product to its end.
func run(t *testing.T, e environment, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	var out, output bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = e.list(), &out, &output
	if err := cmd.Run(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok || ctx.Err() != nil {
			t.Fatalf("rowhouse %s: %v", strings.Join(args, " "), err)
		}
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), output.String()}
}

// must fails the test unless the command succeeded, and returns what it
// printed.
func (o outcome) must(t *testing.T) string {
	t.Helper()
	if o.code != 0 {
		t.Fatalf("exit code %d: %s", o.code, o.output)
	}
	return o.out
}

// mustRefuse fails the test unless the command failed and said all of this.
func (o outcome) mustRefuse(t *testing.T, all ...string) {
	t.Helper()
	if o.code != 1 {
		t.Errorf("exit code %d, want 1", o.code)
	}
	for _, want := range all {
		if !strings.Contains(o.output, want) {
			t.Errorf("it said %q, want %q in it", o.output, want)
		}
	}
}
