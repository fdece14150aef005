package domain

import "strings"

// The ids are UUIDv7 in their canonical text form: 36 characters, lower case.
// Each entity has a type of its own, so that one cannot be passed for another.
type (
	UserID         string
	SessionID      string
	OrganizationID string
	MembershipID   string
	WorkspaceID    string
	SubscriptionID string
	MailID         string
	InvitationID   string
	JobID          string
)

// ParseID reads an id as it comes in a path or a body. A text that is no UUID
// cannot name anything, so the error is ErrNotFound.
func ParseID[ID ~string](s string) (ID, error) {
	if !IsUUID(s) {
		return "", ErrNotFound
	}
	return ID(strings.ToLower(s)), nil
}

// IsUUID reports whether s has the text form of a UUID (RFC 9562, section 4).
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !isHex(c) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
