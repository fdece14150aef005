package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// server is one that tests need. For a new one, write a file such as redis.go,
// name it in servers, add it to deployments/compose.test.yml and tools/need.
type server struct {
	name        string
	variable    string                   // where tests find it
	pidVariable string                   // where they find its process, if we started it; "" if none asks
	url         func(addr string) string // what the variable holds; addr is host:port
	inFrontOf   string                   // the variable of the server behind it; "" if none

	// From what is installed.
	programs []string                                                  // that it takes, itself first
	folders  []string                                                  // where they may be, if not in PATH; the best first
	oldest   string                                                    // version; "" for any
	version  func(ctx context.Context, program string) (string, error) // nil if the program says it
	// start returns when the server answers. The programs are in folder bin;
	// variables are those of the servers that were there before.
	start func(ctx context.Context, p *place, bin string, variables map[string]string) (*process, error)

	// From deployments/compose.test.yml.
	service string
	port    int // inside the container
}

// installation is a server on this machine.
type installation struct {
	folder, version string
}

// installed finds servers by their names on this machine, and says what is
// wrong with the rest.
func installed(ctx context.Context, needed []server) (map[string]installation, []error) {
	found := map[string]installation{}
	var missing []error
	for _, one := range needed {
		here, err := one.installation(ctx)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		found[one.name] = here
	}
	return found, missing
}

// installation finds the first folder with all programs, new enough.
func (s server) installation(ctx context.Context) (installation, error) {
	problem := fmt.Errorf("%s is not installed (%s)", s.name, strings.Join(s.programs, ", "))
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), s.folders...) {
		if !s.isIn(folder) {
			continue
		}
		ask := s.version
		if ask == nil {
			ask = versionOf
		}
		version, err := ask(ctx, filepath.Join(folder, s.programs[0]))
		if err != nil {
			problem = err
			continue
		}
		if older(version, s.oldest) {
			problem = fmt.Errorf("%s in %s is %s, and we need %s or newer", s.name, folder, version, s.oldest)
			continue
		}
		return installation{folder: folder, version: version}, nil
	}
	return installation{}, problem
}

func (s server) isIn(folder string) bool {
	if !filepath.IsAbs(folder) { // servers have working folders of their own
		return false
	}
	for _, program := range s.programs {
		if _, err := exec.LookPath(filepath.Join(folder, program)); err != nil {
			return false
		}
	}
	return true
}

// older says whether one version is before another, or before any if that is "".
func older(version, oldest string) bool {
	return slices.Compare(numbers(version), numbers(oldest)) < 0
}

// numbers returns the parts of a version.
func numbers(version string) []int {
	var parts []int
	for part := range strings.SplitSeq(version, ".") {
		number, _ := strconv.Atoi(part) // "" is 0
		parts = append(parts, number)
	}
	return parts
}

// versionOf asks a program which it is.
func versionOf(ctx context.Context, program string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--version").Output() //nolint:gosec // a server that is installed
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", program, err)
	}
	version := regexp.MustCompile(`[0-9]+(\.[0-9]+)*`).FindString(string(out))
	if version == "" {
		return "", fmt.Errorf("%s does not say its version: %q", program, out)
	}
	return version, nil
}
