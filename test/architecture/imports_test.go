package architecture_test

import (
	"fmt"
	"go/parser"
	"path"
	"strconv"
	"strings"
	"testing"
)

// importCase is an import in a file, and the rule of .golangci.yml that refuses
// it; "" where none does. The same table is put to the check below and, by
// `make lint`, to the linter.
type importCase struct {
	file, imports string
	rule          string
}

func importCases() []importCase {
	return []importCase{
		{"core/domain/x.go", "net/http", "domain"},
		{"core/domain/x.go", "net/http/httptest", "domain"},
		{"core/domain/x.go", "os", "domain"},
		{"core/domain/x.go", "os/exec", "domain"},
		{"core/domain/x.go", "database/sql", "domain"},
		{"core/domain/x.go", "rowhouse/core/policy", "domain"},
		{"core/domain/x.go", "golang.org/x/net/html", "domain"},
		{"core/domain/x.go", "github.com/google/uuid", "domain"},
		{"core/domain/x.go", "net/netip", ""},
		{"core/domain/x.go", "golang.org/x/text/unicode/norm", ""},
		{"core/domain/x.go", "golang.org/x/net/idna", ""},

		{"core/session/x.go", "net/http", "core"},
		{"core/session/x.go", "os", "core"},
		{"core/session/x.go", "database/sql/driver", "core"},
		{"core/session/x.go", "gorm.io/gorm", "core"},
		{"core/session/x.go", "rowhouse/adapters/postgres", "core"},
		{"core/session/x.go", "rowhouse/adapters/memory", "core"},
		{"core/session/x.go", "rowhouse/core/coretest", "core"},
		{"core/session/x.go", "rowhouse/ports/porttest", "core"},
		{"core/session/x.go", "rowhouse/ports/portmock", "core"},
		{"core/session/deep/x.go", "net/http", "core"},
		{"core/session/x.go", "rowhouse/core/policy", ""},
		{"core/session/x.go", "rowhouse/ports", ""},

		{"core/session/x_test.go", "rowhouse/adapters/postgres", "core-tests"},
		{"core/session/x_test.go", "github.com/gofiber/fiber/v2", "core-tests"},
		{"core/domain/x_test.go", "rowhouse/adapters/postgres", "core-tests"},
		{"core/session/x_test.go", "rowhouse/adapters/memory", ""},
		{"core/session/x_test.go", "rowhouse/ports/portmock", ""},
		{"core/session/x_test.go", "github.com/golang/mock/gomock", ""},
		{"core/session/x_test.go", "rowhouse/core/coretest", ""},

		{"core/coretest/x.go", "rowhouse/adapters/postgres", "coretest"},
		{"core/coretest/x.go", "github.com/golang/mock/gomock", "coretest"},
		{"core/coretest/x.go", "rowhouse/adapters/memory", ""},
		{"core/coretest/x.go", "rowhouse/core/organization", ""},
		{"core/coretest/x.go", "rowhouse/ports", ""},

		{"ports/x.go", "rowhouse/core/policy", "ports"},
		{"ports/x.go", "gorm.io/gorm", "ports"},
		{"ports/x.go", "net/http", "ports"},
		{"ports/x.go", "database/sql", "ports"},
		{"ports/x.go", "rowhouse/core/domain", ""},

		{"ports/porttest/x.go", "rowhouse/adapters/redis", "porttest"},
		{"ports/porttest/x.go", "rowhouse/core/policy", "porttest"},
		{"ports/porttest/x.go", "rowhouse/ports", ""},

		{"adapters/memory/x.go", "rowhouse/core/policy", "driven"},
		{"adapters/memory/x.go", "rowhouse/adapters/redis", "driven"},
		{"adapters/memory/deep/x.go", "rowhouse/adapters/redis", "driven"},
		{"adapters/smtp/x.go", "rowhouse/bootstrap/inmemory", "driven"},
		{"adapters/smtp/x.go", "rowhouse/adapters/postgres", "driven"},
		{"adapters/postgres/x.go", "rowhouse/adapters/redis", "driven-postgres"},
		{"adapters/postgres/rowcache/x.go", "rowhouse/adapters/redis", "driven-postgres"},
		{"adapters/postgres/rowcache/x.go", "rowhouse/core/policy", "driven-postgres"},
		{"adapters/postgres/rowcache/x.go", "rowhouse/bootstrap", "driven-postgres"},
		{"adapters/postgres/rowcache/x.go", "rowhouse/adapters/postgres", ""},
		{"adapters/postgres/pgtest/x.go", "rowhouse/adapters/postgres", ""},
		{"adapters/memory/x.go", "rowhouse/core/domain", ""},
		{"adapters/memory/x.go", "rowhouse/ports", ""},
		{"adapters/memory/x_test.go", "rowhouse/ports/porttest", ""},
		{"adapters/rabbitmq/x.go", "github.com/rabbitmq/amqp091-go", ""},

		{"adapters/httpapi/x.go", "rowhouse/ports", "driving"},
		{"adapters/httpapi/x.go", "rowhouse/adapters/postgres", "driving"},
		{"adapters/httpapi/deep/x.go", "rowhouse/ports", "driving"},
		{"adapters/httpapi/x.go", "rowhouse/core/session", ""},
		{"adapters/httpapi/x.go", "github.com/gofiber/fiber/v2", ""},
		{"adapters/httpapi/x.go", "github.com/danielgtaylor/huma/v2", ""},
		{"adapters/httpapi/x_test.go", "rowhouse/adapters/memory", ""},

		{"adapters/memory/x.go", "github.com/rabbitmq/amqp091-go", "home-of-amqp"},
		{"adapters/memory/x.go", "github.com/dgraph-io/ristretto/v2", "home-of-gocache"},
		{"adapters/postgres/x.go", "github.com/sony/gobreaker/v2", "home-of-gocache"},
		{"bootstrap/x.go", "github.com/pressly/goose/v3", "home-of-gorm"},
		{"test/bench/x.go", "github.com/jackc/pgx/v5", ""},
		{"adapters/memory/x.go", "github.com/wneessen/go-mail", "home-of-mail"},
		{"bootstrap/x.go", "github.com/emersion/go-smtp", "home-of-mail"},
		{"bootstrap/x.go", "github.com/alexedwards/argon2id", "home-of-argon2"},
		{"adapters/memory/x.go", "golang.org/x/crypto/argon2", "home-of-argon2"},
		{"bootstrap/x.go", "gocloud.dev/blob", "home-of-blob"},
		{"adapters/imaging/x.go", "gocloud.dev/blob", "home-of-blob"},
		{"bootstrap/x.go", "github.com/spf13/cobra", "home-of-cobra"},
		{"cmd/rowhouse/x.go", "github.com/caarlos0/env/v11", "home-of-config"},
		{"adapters/memory/x.go", "github.com/eko/gocache/lib/v4", "home-of-gocache"},
		{"cmd/rowhouse/x.go", "gorm.io/gorm", "home-of-gorm"},
		{"adapters/httpapi/x.go", "gorm.io/gorm", "home-of-gorm"},
		{"bootstrap/x.go", "github.com/gofiber/fiber/v2", "home-of-http"},
		{"test/bench/x.go", "github.com/danielgtaylor/huma/v2", ""},
		{"adapters/memory/x.go", "github.com/gofiber/fiber/v2", "home-of-http"},
		{"adapters/httpapi/x.go", "golang.org/x/image/draw", "home-of-imaging"},
		{"adapters/httpapi/x.go", "github.com/stripe/stripe-go/v76", "home-of-stripe"},
		{"bootstrap/x.go", "github.com/mozillazg/go-unidecode", "home-of-unidecode"},
		{"adapters/memory/x.go", "github.com/google/uuid", "home-of-uuid"},
		{"cmd/rowhouse/x.go", "github.com/google/wire", "home-of-wire"},
		{"adapters/memory/x.go", "github.com/google/wire", "home-of-wire"},
		{"bootstrap/x.go", "github.com/google/wire", ""},
		{"bootstrap/inmemory/x.go", "github.com/google/wire", ""},
		{"bootstrap/x.go", "github.com/caarlos0/env/v11", ""},
		{"bootstrap/x.go", "rowhouse/adapters/memory", ""},
		{"cmd/rowhouse/x.go", "github.com/spf13/cobra", ""},
		{"adapters/postgres/x.go", "gorm.io/gorm", ""},
	}
}

func TestImports(t *testing.T) {
	t.Parallel()

	t.Run("point inwards in every file", func(t *testing.T) {
		t.Parallel()
		for _, name := range goFiles(t, func(string) bool { return true }) {
			for _, spec := range parse(t, name, parser.ImportsOnly).Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if why := refused(name, imported); why != "" {
					t.Errorf("%s imports %s, but %s", name, imported, why)
				}
			}
		}
	})
	for _, c := range importCases() {
		t.Run(fmt.Sprintf("%s in %s", c.imports, c.file), func(t *testing.T) {
			t.Parallel()
			why := refused(c.file, c.imports)
			if (why != "") != (c.rule != "") {
				t.Errorf("refused = %q, want it to be decided by the rule %q", why, c.rule)
			}
		})
	}
}

// refused says why a file must not have an import, or "" if it may.
func refused(file, imported string) string {
	if why := refusedByDirection(file, imported); why != "" {
		return why
	}
	for vendor, home := range homes() {
		if below(imported, vendor) && !below(file, home, "test/bench") { // peers to compare with
			return vendor + " has its home in " + home
		}
	}
	return ""
}

func refusedByDirection(file, imported string) string {
	test := strings.HasSuffix(file, "_test.go")
	switch {
	case below(file, "core") && test:
		if !standard(imported) && !fakeForCore(file, imported) && !below(imported, "golang.org/x/text", "rowhouse/core", "rowhouse/ports") {
			return "a test of the core uses the memory adapters"
		}
	case below(file, "core/domain"):
		if inputOutput(imported) || !standard(imported) && !below(imported, "golang.org/x/text", "golang.org/x/net/idna") {
			return "the domain knows nothing but Go"
		}
	case below(file, "core/coretest"):
		if !standard(imported) && !below(imported, "rowhouse/adapters/memory", "rowhouse/core", "rowhouse/ports") {
			return "the scenes of the core's tests are set with the memory adapters"
		}
	case below(file, "core"):
		if below(imported, "rowhouse/core/coretest") {
			return "scenes are for tests"
		}
		if inputOutput(imported) || !standard(imported) && !below(imported, "golang.org/x/text", "rowhouse/core") && imported != "rowhouse/ports" {
			return "the core knows the domain, the ports and other use cases"
		}
	case path.Dir(file) == "ports":
		if below(imported, "net/http", "database/sql") || !standard(imported) && !below(imported, "rowhouse/core/domain") {
			return "the ports know the domain only"
		}
	case below(file, "ports/porttest"):
		if !standard(imported) && !below(imported, "rowhouse/core/domain", "rowhouse/ports") {
			return "a contract knows the ports and the domain"
		}
	case below(file, "adapters/httpapi") && !test:
		if below(imported, "rowhouse/ports", "rowhouse/adapters", "rowhouse/bootstrap") && !below(imported, "rowhouse/adapters/httpapi") {
			return "a driving adapter knows use cases only"
		}
	case below(file, "adapters") && !test:
		own := below(file, "adapters/postgres") && below(imported, "rowhouse/adapters/postgres")
		if below(imported, "rowhouse/core", "rowhouse/adapters", "rowhouse/bootstrap") && !below(imported, "rowhouse/core/domain") && !own {
			return "a driven adapter knows the ports and the domain only"
		}
	}
	return ""
}

// homes says where each third-party module may be imported.
func homes() map[string]string {
	return map[string]string{
		"github.com/alexedwards/argon2id":   "adapters/argon2",
		"github.com/caarlos0/env":           "bootstrap",
		"github.com/dgraph-io/ristretto":    "adapters/redis",
		"github.com/emersion":               "adapters/smtp",
		"github.com/pressly/goose":          "adapters/postgres",
		"github.com/sony/gobreaker":         "adapters/redis",
		"github.com/wneessen/go-mail":       "adapters/smtp",
		"github.com/danielgtaylor/huma":     "adapters/httpapi",
		"github.com/eko/gocache":            "adapters/redis",
		"github.com/gofiber/fiber":          "adapters/httpapi",
		"github.com/google/uuid":            "adapters/system",
		"github.com/google/wire":            "bootstrap",
		"github.com/jackc/pgx":              "adapters/postgres",
		"github.com/johannesboyne/gofakes3": "adapters/blob",
		"github.com/mozillazg/go-unidecode": "adapters/unidecode",
		"github.com/rabbitmq/amqp091-go":    "adapters/rabbitmq",
		"github.com/redis/go-redis":         "adapters/redis",
		"github.com/spf13/cobra":            "cmd/rowhouse",
		"github.com/spf13/pflag":            "cmd/rowhouse",
		"github.com/stripe/stripe-go":       "adapters/stripe",
		"github.com/swaggest/swgui":         "adapters/httpapi",
		"github.com/valyala/fasthttp":       "adapters/httpapi",
		"gocloud.dev":                       "adapters/blob",
		"golang.org/x/crypto":               "adapters/argon2",
		"golang.org/x/image":                "adapters/imaging",
		"gorm.io":                           "adapters/postgres",
	}
}

// below reports whether a path is one of the given ones or below it.
func below(name string, dirs ...string) bool {
	for _, dir := range dirs {
		if name == dir || strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// standard reports whether an import is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != module && !strings.Contains(first, ".")
}

// inputOutput reports whether an import is how Go reaches the outside world.
func inputOutput(imported string) bool {
	return below(imported, "net/http", "os", "database/sql")
}

// fakeForCore reports whether a test of the core imports what stands in for
// the outside world there.
func fakeForCore(file, imported string) bool {
	return below(file, "core") && strings.HasSuffix(file, "_test.go") &&
		below(imported, "rowhouse/adapters/memory", "github.com/golang/mock/gomock")
}
