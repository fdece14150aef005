package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// space is a namespace as it stands in front of its keys.
type space struct {
	class string // "t" for tenants, "g" for what is global
	owner string
}

// tenantSpace returns the space of an organization. Without an id in canonical
// form it has no keys.
func tenantSpace(id domain.OrganizationID) space {
	if owner := string(id); domain.IsUUID(owner) && owner == strings.ToLower(owner) {
		return space{"t", owner}
	}
	return space{}
}

// globalSpace returns a space of no tenant. Without a name of letters it has no
// keys.
func globalSpace(name ports.GlobalNamespace) space {
	if lettersOnly(string(name)) {
		return space{"g", string(name)}
	}
	return space{}
}

// key returns the name under which Redis keeps a value, and whether there is
// one. All names are made here. No two keys share one: what stands around the id
// has no colons of its own.
func (s space) key(key ports.CacheKey) (name string, ok bool) {
	if s.class == "" || !key.Valid() {
		return "", false
	}
	return s.class + ":" + s.owner + ":" + key.Kind + ":" + key.ID + ":v" + strconv.Itoa(key.Version), true
}

// rateKey returns the name under which Redis counts what is done under a key,
// whatever that is. It has fewer colons than the names of cached values.
func rateKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "g:rate:" + hex.EncodeToString(sum[:])
}

func lettersOnly(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return s != ""
}

// seal puts the name in front of the value, in a line of its own.
func seal(name string, value []byte) []byte {
	entry := make([]byte, 0, len(name)+1+len(value))
	return append(append(append(entry, name...), '\n'), value...)
}

// unseal returns the value of an entry, if it was sealed with this name.
func unseal(name string, entry []byte) (value []byte, ok bool) {
	if len(entry) <= len(name) || string(entry[:len(name)]) != name || entry[len(name)] != '\n' {
		return nil, false
	}
	return slices.Clip(entry[len(name)+1:]), true
}
