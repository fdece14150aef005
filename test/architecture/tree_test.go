// Package architecture_test holds the rules that no single package can test:
// who may import whom, that every port has a contract, that the documentation
// of the configuration is complete, and what must stand in no file.
package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the name of ours in go.mod.
const module = "rowhouse"

// root returns the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("the repository is not where this test expects it: %v", err)
	}
	return dir
}

// files returns the slash-separated paths, from the root of the repository, of
// what people write and commit.
func files(t *testing.T) []string {
	t.Helper()
	skipped := []string{".git", "bin", "coverage", "dist", "node_modules", "playwright-report", "test-results"}
	var found []string
	tree := os.DirFS(root(t))
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()):
			return fs.SkipDir
		case entry.Type().IsRegular():
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// read returns a file of the repository.
func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// parse returns the syntax of a Go file of the repository.
func parse(t *testing.T, name string, mode parser.Mode) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), mode)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// goFiles returns the Go files of our module that match.
func goFiles(t *testing.T, match func(name string) bool) []string {
	t.Helper()
	var found []string
	for _, name := range files(t) {
		// tools is a module of its own, and the frontend is none.
		if strings.HasPrefix(name, "tools/") || strings.HasPrefix(name, "frontend/") {
			continue
		}
		if path.Ext(name) == ".go" && match(name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Fatal("no Go file matches: this test would pass without looking at anything")
	}
	return found
}
