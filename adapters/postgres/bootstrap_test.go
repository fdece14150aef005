package postgres_test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"rowhouse/adapters/postgres"
	"rowhouse/adapters/postgres/pgtest"
)

// verifier is a password as PostgreSQL keeps it.
var verifier = regexp.MustCompile(`SCRAM-SHA-256\$[^']+`)

func bootstrapSQL(t *testing.T, addresses ...string) string {
	t.Helper()
	sql, err := postgres.BootstrapSQL(addresses...)
	if err != nil {
		t.Fatal(err)
	}
	return sql
}

// address is one of the database with a password.
func address(role, password string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: "db.example.com:5432", Path: "/rowhouse"}
	return u.String()
}

func TestBootstrapSQL_LetsThePasswordIn(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"correct horse", `it's "quoted" \ $1 ; -- %41`, "a", strings.Repeat("long", 50)} {
		sql := bootstrapSQL(t, address(postgres.RoleWorker, password))
		found := verifier.FindAllString(sql, -1)
		if len(found) != 1 || !strings.Contains(sql, "ALTER ROLE rowhouse_worker PASSWORD '"+found[0]+"';") {
			t.Fatalf("verifiers in the text: %q", found)
		}
		if len(password) > 1 && strings.Contains(sql, password) {
			t.Errorf("the text has the password %q in it", password)
		}
		if err := logIn(t, found[0], password); err != nil {
			t.Errorf("%q does not get in: %v", password, err)
		}
		if err := logIn(t, found[0], password+" "); err == nil {
			t.Errorf("another password than %q gets in", password)
		}
	}
	sql := bootstrapSQL(t, address(postgres.RoleWorker, "same"))
	if sql == bootstrapSQL(t, address(postgres.RoleWorker, "same")) {
		t.Error("one password has the same verifier each time: it is without salt")
	}
}

func TestBootstrapSQL_RefusesAddresses(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	for name, bad := range map[string]string{
		"no address":     "postgres://rowhouse_app:" + secret + "@db:%zz/",
		"no user":        "postgres://db.example.com/" + secret,
		"another role":   address("postgres", secret),
		"no role":        address("", secret),
		"other letters":  address(postgres.RoleApp, secret+"é"),
		"a line of text": "host=db password=" + secret,
		"a control":      address(postgres.RoleApp, secret+"\n"),
	} {
		sql, err := postgres.BootstrapSQL(address(postgres.RoleOwner, "fine"), bad)
		if err == nil || sql != "" {
			t.Errorf("%s: BootstrapSQL() = %q, %v; want an error", name, sql, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error has the password in it: %v", name, err)
		}
	}
	if _, err := postgres.OpenMigrator("postgres://rowhouse_owner:" + secret + "@db:port/"); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("OpenMigrator() = %v", err)
	}
	if _, err := postgres.Open(t.Context(), "postgres://rowhouse_app:"+secret+"@db:port/", patient); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("Open() = %v", err)
	}
}

// Under other names, so that nobody else's roles change.
func TestBootstrapSQL_CanBeRunAgain(t *testing.T) {
	t.Parallel()
	d := pgtest.Empty(t)
	c := d.Connect(t, pgtest.Superuser)
	prefix := fmt.Sprintf("rowhouse_made_up_%d_%d_", os.Getpid(), madeUpRoles.Add(1))
	rename := strings.NewReplacer("rowhouse_", prefix)
	defer func() {
		for _, role := range postgres.Roles() {
			dropRole(t, d, rename.Replace(role))
		}
	}()
	first := rename.Replace(bootstrapSQL(t, address(postgres.RoleApp, "first"), address(postgres.RoleOwner, "second")))
	must(t, c, first)
	kept := verifier.FindAllString(first, -1)
	// Once more, with a new password for one, and none for the others.
	again := rename.Replace(bootstrapSQL(t, address(postgres.RoleApp, "third"), "postgres://rowhouse_worker@db/rowhouse"))
	must(t, c, again)
	changed := verifier.FindString(again)
	must(t, c, again)
	for _, tt := range []struct{ role, verifier, timeout string }{
		{postgres.RoleApp, changed, "statement_timeout=5s"},
		{postgres.RoleOwner, kept[0], "lock_timeout=2s"}, // they come in the order of the roles
		{postgres.RoleWorker, "", "statement_timeout=30s"},
		{postgres.RoleOperator, "", "statement_timeout=30s"},
	} {
		n := count(t, c, `SELECT FROM pg_authid a WHERE rolname = $1 AND coalesce(rolpassword, '') = $2 AND rolcanlogin
            AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit)
            AND $3 = ANY ((SELECT setconfig FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0)::text[])`,
			rename.Replace(tt.role), tt.verifier, tt.timeout)
		if n != 1 {
			t.Errorf("%s is not as it was meant to be: password %q, %s", tt.role, tt.verifier, tt.timeout)
		}
	}
}
