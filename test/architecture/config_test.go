package architecture_test

import (
	"go/ast"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestConfigIsDocumented compares what the structs of bootstrap/config.go read
// from the environment with what .env.example tells about.
func TestConfigIsDocumented(t *testing.T) {
	t.Parallel()
	known, documented := configNames(t), exampleNames(t)
	for _, name := range known {
		if !slices.Contains(documented, name) {
			t.Errorf(".env.example does not say what %s is for", name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(known, name) {
			t.Errorf(".env.example speaks of %s, which nothing reads", name)
		}
	}
}

// configNames returns the variables that the structs named …Config, and those
// inside of them, read.
func configNames(t *testing.T) []string {
	t.Helper()
	structs := map[string]*ast.StructType{}
	ast.Inspect(parse(t, "bootstrap/config.go", 0), func(node ast.Node) bool {
		if named, ok := node.(*ast.TypeSpec); ok {
			if fields, ok := named.Type.(*ast.StructType); ok {
				structs[named.Name.Name] = fields
			}
		}
		return true
	})
	var names []string
	for name, config := range structs {
		if strings.HasSuffix(name, "Config") {
			names = append(names, fieldNames(t, structs, config, "")...)
		}
	}
	if len(names) == 0 {
		t.Fatal("the structs of bootstrap/config.go read nothing from the environment")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fieldNames follows the tags of package env: `env:"NAME,option"` names a
// variable, and `envPrefix:"PREFIX_"` stands before the names in a struct.
func fieldNames(t *testing.T, structs map[string]*ast.StructType, fields *ast.StructType, prefix string) []string {
	t.Helper()
	var names []string
	for _, field := range fields.Fields.List {
		var tag reflect.StructTag
		if field.Tag != nil {
			text, err := strconv.Unquote(field.Tag.Value)
			if err != nil {
				t.Fatal(err)
			}
			tag = reflect.StructTag(text)
		}
		if name, _, _ := strings.Cut(tag.Get("env"), ","); name != "" {
			names = append(names, prefix+name)
			continue
		}
		inner, ok := field.Type.(*ast.StructType)
		if named, isName := field.Type.(*ast.Ident); isName {
			inner, ok = structs[named.Name]
		}
		if ok {
			names = append(names, fieldNames(t, structs, inner, prefix+tag.Get("envPrefix"))...)
		}
	}
	return names
}

// exampleNames returns the variables of .env.example, set or commented out.
func exampleNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]*)=`).FindAllSubmatch(read(t, ".env.example"), -1) {
		if name := string(m[1]); slices.Contains(names, name) {
			t.Errorf(".env.example has %s twice", name)
		} else {
			names = append(names, name)
		}
	}
	return names
}
