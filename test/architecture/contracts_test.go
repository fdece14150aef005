package architecture_test

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// port is an interface of package ports.
type port struct {
	methods  []string // its own, without those of what it embeds
	embeds   []string // other ports that are part of it
	leads    []string // other ports that its methods return
	takes    []string // interfaces that its methods take, to call them back
	coverage string   // the contract it is put to the test by: "TestStore"

	calledBack bool // another port takes it
}

func TestEveryPortHasAContract(t *testing.T) {
	t.Parallel()
	ports := parsePorts(t)
	contracts, used, implemented := parseContracts(t)
	runs := parseRuns(t)

	for _, name := range slices.Sorted(maps.Keys(ports)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract := ports[name].coverage
			if !contracts[contract] {
				t.Fatalf("there is no porttest.%s: an adapter for ports.%s could do anything", contract, name)
			}
			if len(runs[contract]) == 0 {
				t.Errorf("no test of an adapter runs porttest.%s", contract)
			}
			for _, method := range ports[name].methods {
				if called := ports[name].calledBack && implemented[method]; !used[method] && !called {
					t.Errorf("porttest never uses %s.%s", name, method)
				}
			}
		})
	}
	for contract := range contracts {
		if len(runs[contract]) == 0 {
			t.Errorf("no test of an adapter runs porttest.%s", contract)
		}
	}
}

// parsePorts returns the exported interfaces. Those that can be reached through
// Store only are tested by its contract, and those that a port calls back by
// the contract of that port.
func parsePorts(t *testing.T) map[string]port {
	t.Helper()
	ports := map[string]port{}
	for _, name := range goFiles(t, func(name string) bool { return path.Dir(name) == "ports" }) {
		for _, declaration := range parse(t, name, 0).Decls {
			types, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range types.Specs {
				named, ok := spec.(*ast.TypeSpec)
				if !ok || !named.Name.IsExported() {
					continue
				}
				if methods, ok := named.Type.(*ast.InterfaceType); ok {
					ports[named.Name.Name] = newPort(named.Name.Name, methods)
				}
			}
		}
	}
	if _, ok := ports["Store"]; !ok {
		t.Fatal("there is no ports.Store: this test does not know what it looks at any more")
	}
	cover(ports, "Store")
	for _, from := range ports {
		for _, taken := range from.takes {
			if to, ok := ports[taken]; ok {
				to.coverage, to.calledBack = from.coverage, true
				ports[taken] = to
			}
		}
	}
	return ports
}

func newPort(name string, methods *ast.InterfaceType) port {
	p := port{coverage: "Test" + name}
	for _, field := range methods.Methods.List {
		function, ok := field.Type.(*ast.FuncType)
		if !ok {
			if embedded, ok := field.Type.(*ast.Ident); ok {
				p.embeds = append(p.embeds, embedded.Name)
			}
			continue
		}
		for _, method := range field.Names {
			p.methods = append(p.methods, method.Name)
		}
		p.leads = append(p.leads, namesIn(function.Results)...)
		p.takes = append(p.takes, namesIn(function.Params)...)
	}
	return p
}

// namesIn returns the types in a list that are names of this package.
func namesIn(list *ast.FieldList) []string {
	var names []string
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		if named, ok := field.Type.(*ast.Ident); ok {
			names = append(names, named.Name)
		}
	}
	return names
}

// cover marks all that the port leads to as tested by the same contract.
func cover(ports map[string]port, name string) {
	from := ports[name]
	for _, next := range slices.Concat(from.embeds, from.leads) {
		if to, ok := ports[next]; ok && to.coverage != from.coverage {
			to.coverage = from.coverage
			ports[next] = to
			cover(ports, next)
		}
	}
}

// parseContracts returns the functions TestX of porttest, all names that it
// uses of something, and those of its methods. A name says little where several
// ports have it (Get), and enough to find a method that nobody thought of.
func parseContracts(t *testing.T) (contracts, used, implemented map[string]bool) {
	t.Helper()
	contracts, used, implemented = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, name := range goFiles(t, func(name string) bool { return below(name, "ports/porttest") }) {
		ast.Inspect(parse(t, name, 0), func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil {
					implemented[n.Name.Name] = true
				} else if strings.HasPrefix(n.Name.Name, "Test") {
					contracts[n.Name.Name] = true
				}
			case *ast.SelectorExpr:
				used[n.Sel.Name] = true
			}
			return true
		})
	}
	return contracts, used, implemented
}

// parseRuns returns, for each contract, the tests of adapters that call it.
func parseRuns(t *testing.T) map[string][]string {
	t.Helper()
	runs := map[string][]string{}
	match := func(name string) bool { return below(name, "adapters") && strings.HasSuffix(name, "_test.go") }
	for _, name := range goFiles(t, match) {
		ast.Inspect(parse(t, name, 0), func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			if function, ok := call.Fun.(*ast.SelectorExpr); ok {
				if of, ok := function.X.(*ast.Ident); ok && of.Name == "porttest" {
					runs[function.Sel.Name] = append(runs[function.Sel.Name], name)
				}
			}
			return true
		})
	}
	return runs
}
