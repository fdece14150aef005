package postgres

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/template"
)

// The roles in the database. Nobody is a superuser, and none but the owner owns
// anything.
const (
	RoleOwner    = "rowhouse_owner"    // owns the schema and runs migrations
	RoleApp      = "rowhouse_app"      // serves requests
	RoleWorker   = "rowhouse_worker"   // works on jobs
	RoleOperator = "rowhouse_operator" // reads across tenants, for the operator console
)

// Roles lists them.
func Roles() []string { return []string{RoleOwner, RoleApp, RoleWorker, RoleOperator} }

//go:embed bootstrap.sql
var bootstrapTemplate string

// bootstrapRole is what the template knows of a role.
type bootstrapRole struct {
	Name     string
	Verifier string // "" leaves the password as it is
}

// BootstrapSQL returns what a database administrator runs once, as a superuser,
// in the database that Rowhouse is to use. It can be run again. addresses are
// the URLs that processes will connect with; the password in that of each role
// becomes the role's, written as a SCRAM verifier so that the text does not
// betray it. Roles without an address keep the password they have.
func BootstrapSQL(addresses ...string) (string, error) {
	verifiers := map[string]string{}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.User == nil || !slices.Contains(Roles(), u.User.Username()) {
			return "", fmt.Errorf("an address of the database names none of the roles %s", strings.Join(Roles(), ", "))
		}
		if password, ok := u.User.Password(); ok {
			if verifiers[u.User.Username()], err = scramVerifier(password); err != nil {
				return "", err
			}
		}
	}
	roles := make([]bootstrapRole, 0, len(verifiers))
	for _, name := range Roles() {
		roles = append(roles, bootstrapRole{name, verifiers[name]})
	}
	parsed, err := template.New("bootstrap.sql").Parse(bootstrapTemplate)
	if err != nil {
		return "", err
	}
	var sql bytes.Buffer
	err = parsed.Execute(&sql, roles)
	return sql.String(), err
}

// scramVerifier returns a password as PostgreSQL stores it (RFC 5803).
func scramVerifier(password string) (string, error) {
	for i := range len(password) {
		// Other characters would have to be prepared (RFC 4013), and who makes
		// a password for a machine needs none of them.
		if password[i] < ' ' || password[i] > '~' {
			return "", errors.New("a password of the database has characters outside of ASCII")
		}
	}
	const iterations = 4096
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}
