package architecture_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// Some calls of GORM run text that somebody else wrote, or drop a condition
// that was meant: an empty field of a struct, a condition beside an Or. Row-level
// security would hold, but the first wall would be gone.

// textCalls take SQL as their first argument.
var textCalls = []string{"Raw", "Exec", "Where", "Not", "Having", "Order", "Group", "Select", "Joins", "Table", "Distinct", "Pluck", "Omit"}

// inlineCalls take a condition behind what they fill or delete.
var inlineCalls = []string{"First", "Take", "Last", "Find", "Delete", "Save", "FirstOrInit", "FirstOrCreate"}

// variableStatements are those that are chosen at run time, out of constants:
// reviewed, by file and name.
var variableStatements = []string{
	"adapters/postgres/directory.go: query",      // by id or by slug
	"adapters/postgres/workspace_list.go: query", // by who looks

	"adapters/postgres/invitations.go: statement", // by what becomes of them
	"adapters/postgres/jobs.go: statement",        // by what becomes of it
	"adapters/postgres/jobs.go: sweep",            // one after the other
}

func TestStatementsAreConstants(t *testing.T) {
	t.Parallel()
	inAdapter := func(name string) bool {
		return path.Dir(name) == "adapters/postgres" && !strings.HasSuffix(name, "_test.go")
	}
	var sources []*ast.File
	names := goFiles(t, inAdapter)
	for _, name := range names {
		sources = append(sources, parse(t, name, 0))
	}
	constants := constantsOf(sources)
	for i, source := range sources {
		for _, why := range looseStatements(names[i], source, constants) {
			t.Errorf("%s: %s", names[i], why)
		}
	}
}

// constantsOf returns the names of the constants of a package.
func constantsOf(sources []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, source := range sources {
		ast.Inspect(source, func(node ast.Node) bool {
			if d, ok := node.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, spec := range d.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						names[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

// looseStatements says what is wrong with the calls in a file.
func looseStatements(name string, source *ast.File, constants map[string]bool) (wrong []string) {
	ast.Inspect(source, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !onGORM(method.X) {
			return true
		}
		switch {
		case method.Sel.Name == "Or":
			wrong = append(wrong, "Or drops the conditions beside it")
		case slices.Contains(inlineCalls, method.Sel.Name) && len(call.Args) > 1:
			wrong = append(wrong, method.Sel.Name+" with a condition inside of it: use Where")
		case slices.Contains(textCalls, method.Sel.Name) && len(call.Args) > 0 && !fixed(name, call.Args[0], constants):
			wrong = append(wrong, method.Sel.Name+" of what is no constant")
		}
		return true
	})
	return wrong
}

// onGORM reports whether a method is called on what statements start from or
// go on with, by name: this test knows no types.
func onGORM(receiver ast.Expr) bool {
	switch x := receiver.(type) {
	case *ast.CallExpr:
		if of, ok := x.Fun.(*ast.SelectorExpr); ok {
			starts := []string{"platform", "platformWrite", "platformLocked", "person", "own", "ownWrite", "ownLocked", "scoped", "scopedWrite", "members", "invited", "bearer", "sweep", "of", "WithContext", "Model", "Clauses", "Limit", "Scopes", "Session"}
			return slices.Contains(starts, of.Sel.Name) || slices.Contains(textCalls, of.Sel.Name)
		}
	case *ast.Ident:
		return x.Name == "db" || x.Name == "tx"
	}
	return false
}

// fixed reports whether an argument is the same whatever a caller says.
func fixed(name string, arg ast.Expr, constants map[string]bool) bool {
	switch x := arg.(type) {
	case *ast.BasicLit:
		return x.Kind == token.STRING
	case *ast.BinaryExpr:
		return fixed(name, x.X, constants) && fixed(name, x.Y, constants)
	case *ast.ParenExpr:
		return fixed(name, x.X, constants)
	case *ast.Ident:
		return constants[x.Name] || slices.Contains(variableStatements, name+": "+x.Name)
	case *ast.CompositeLit: // clause.Eq and the like, whose values are arguments
		of, ok := x.Type.(*ast.SelectorExpr)
		return ok && fmt.Sprint(of.X) == "clause"
	}
	return false
}

func TestLooseStatementsAreFound(t *testing.T) {
	t.Parallel()
	for statement, wrong := range map[string]bool{
		`db.Or("x = ?", 1)`:                                 true,
		`r.own(ctx).Where("a = ?", a).Or("b = ?", b)`:       true,
		`db.Where(&row{OrganizationID: id})`:                true,
		`db.Where(row{})`:                                   true,
		`db.Where(map[string]any{"id": id})`:                true,
		`db.Where(input)`:                                   true,
		`db.Where("name = '" + name + "'")`:                 true,
		`db.Where(fmt.Sprintf("name = %s", name))`:          true,
		`db.First(&found, id)`:                              true,
		`db.Take(&found, "id = ?", id)`:                     true,
		`r.platform(ctx).Delete(&row{}, id)`:                true,
		`db.Order(sort)`:                                    true,
		`r.scoped(ctx, "m").Order(sort + " DESC")`:          true,
		`db.Group(column)`:                                  true,
		`db.Select(columns)`:                                true,
		`db.Joins(join)`:                                    true,
		`db.Raw(query)`:                                     true,
		`t.ownWrite(ctx).Exec(query, args...)`:              true,
		`db.Table(name)`:                                    true,
		`db.Where("id = ?", id).Take(&found)`:               false,
		`db.Raw(known, id).Take(&found)`:                    false,
		`db.Raw(known + " LIMIT 1", id)`:                    false,
		`db.Where(clause.Eq{Column: "id", Value: id})`:      false,
		`r.scoped(ctx, "m").Order("m.id DESC").Find(&list)`: false,
		`list.Or(x)`:                                        false,
	} {
		source, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nconst known = `SELECT`\nfunc f() { "+statement+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := looseStatements("x.go", source, constantsOf([]*ast.File{source})); (len(found) > 0) != wrong {
			t.Errorf("%s: found %v, want something: %t", statement, found, wrong)
		}
	}
}
