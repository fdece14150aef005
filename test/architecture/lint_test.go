//go:build lint

package architecture_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLinterRefusesImports builds a module out of nothing but importCases and
// runs the linter on it with our configuration. A depguard rule whose glob
// matches no file is silently dead; here it is found.
func TestLinterRefusesImports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cases := importCases()
	where := make([]string, len(cases)) // the file that each case is written to
	for i, c := range cases {
		where[i] = strings.Replace(c.file, "/x", fmt.Sprintf("/x%02d", i), 1)
		write(t, dir, where[i], fmt.Sprintf("package %s\n\nimport _ %q\n", path.Base(path.Dir(c.file)), c.imports))
	}
	stubImports(t, dir, cases)
	write(t, dir, ".golangci.yml", string(read(t, ".golangci.yml")))

	refused := lint(t, dir)
	var alive []string
	for i, c := range cases {
		rules := refused[where[i]]
		if c.rule == "" && len(rules) != 0 {
			t.Errorf("%s may not import %s because of %q, want it allowed", c.file, c.imports, rules)
		}
		if c.rule != "" && !slices.Contains(rules, c.rule) {
			t.Errorf("%s may import %s as far as %q goes (refused by %q)", c.file, c.imports, c.rule, rules)
		}
		alive = append(alive, c.rule)
	}
	for _, rule := range depguardRules(t) {
		if !slices.Contains(alive, rule) {
			t.Errorf("no case is refused by the rule %q", rule)
		}
	}
}

// stubImports writes what the cases import, so that it loads without network.
func stubImports(t *testing.T, dir string, cases []importCase) {
	t.Helper()
	major := regexp.MustCompile(`/v(\d+)$`)
	var modfile strings.Builder
	modfile.WriteString("module rowhouse\n\ngo 1.26.0\n")
	var stubbed []string
	for _, c := range cases {
		if standard(c.imports) || slices.Contains(stubbed, c.imports) {
			continue
		}
		stubbed = append(stubbed, c.imports)
		if inside, ours := strings.CutPrefix(c.imports, module+"/"); ours {
			if entries, _ := os.ReadDir(filepath.Join(dir, inside)); len(entries) == 0 {
				write(t, dir, inside+"/doc.go", "package "+path.Base(inside)+"\n")
			}
			continue
		}
		version := "v0.0.0"
		if m := major.FindStringSubmatch(c.imports); m != nil {
			version = "v" + m[1] + ".0.0"
		}
		fmt.Fprintf(&modfile, "require %[1]s %[2]s\nreplace %[1]s => ./stubs/%[1]s\n", c.imports, version)
		write(t, dir, "stubs/"+c.imports+"/go.mod", "module "+c.imports+"\n")
		write(t, dir, "stubs/"+c.imports+"/stub.go", "package stub\n")
	}
	write(t, dir, "go.mod", modfile.String())
}

// lint returns the names of the rules that refused something, by file.
func lint(t *testing.T, dir string) map[string][]string {
	t.Helper()
	where := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "-n", "golangci-lint")
	where.Dir = root(t)
	linter, err := where.Output()
	if err != nil {
		t.Fatalf("find golangci-lint: %v", err)
	}

	run := exec.CommandContext(t.Context(), strings.TrimSpace(string(linter)), "run", "--enable-only=depguard",
		"--output.text.print-issued-lines=false", "--output.text.colors=false", "--show-stats=false", "--issues-exit-code=0", "--max-issues-per-linter=0", "--max-same-issues=0", "--uniq-by-line=false")
	run.Dir = dir
	run.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	var stderr bytes.Buffer
	run.Stderr = &stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("golangci-lint: %v\n%s", err, &stderr)
	}

	issue := regexp.MustCompile(`^([^:]+):\d+:\d+: import '[^']+' is not allowed from list '([^']+)'`)
	refused := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		m := issue.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("the cases must compile, and do nothing but import; the linter says:\n%s", line)
		}
		file := filepath.ToSlash(m[1])
		refused[file] = append(refused[file], m[2])
	}
	return refused
}

// depguardRules returns the names of the rules in .golangci.yml.
func depguardRules(t *testing.T) []string {
	t.Helper()
	_, settings, found := strings.Cut(string(read(t, ".golangci.yml")), "\n    depguard:\n")
	if !found {
		t.Fatal(".golangci.yml has no settings for depguard where this test looks")
	}
	if end := regexp.MustCompile(`(?m)^ {0,4}\w`).FindStringIndex(settings); end != nil {
		settings = settings[:end[0]]
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^ {8}([\w-]+):`).FindAllStringSubmatch(settings, -1) {
		names = append(names, m[1])
	}
	if len(names) == 0 {
		t.Fatal(".golangci.yml has no rules for depguard where this test looks")
	}
	return names
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	target := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(target, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
