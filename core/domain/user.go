package domain

import "time"

// User is a person who can sign in. What they may do is said by their
// memberships, one in each organization.
type User struct {
	ID              UserID
	Email           Email
	Name            string
	Avatar          BlobKey // "" without one
	PasswordHash    PasswordHash
	EmailVerifiedAt time.Time // zero until verified
	IsOperator      bool      // platform staff
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// EmailVerified reports whether the user has proven to receive mail at Email.
func (u User) EmailVerified() bool { return !u.EmailVerifiedAt.IsZero() }

// UnverifiedLifetime is how long an account is kept whose address is not
// proven: somebody else may have typed it.
const UnverifiedLifetime = 7 * 24 * time.Hour

// UserRef is what others see of a user in passing.
type UserRef struct {
	ID   UserID
	Name string
}

// Reasons why an account cannot be made, changed or left.
var (
	ErrEmailTaken         = &Error{Kind: KindConflict, Code: "email_taken", Message: "There is an account with this e-mail address already."}
	ErrInvalidCredentials = &Error{Kind: KindUnauthenticated, Code: "invalid_credentials", Message: "The e-mail address or the password is wrong."}
	ErrEmailNotVerified   = &Error{Kind: KindForbidden, Code: "email_not_verified", Message: "Confirm your e-mail address first."}
	ErrOwnsOrganizations  = &Error{Kind: KindConflict, Code: "owns_organizations", Message: "Transfer or delete the organizations that you own first."}
)

// WrongPassword refuses a password that somebody who is signed in gave to
// confirm who they are. field is its JSON name.
func WrongPassword(field string) *Error {
	return Invalid(field, "wrong_password", "The password is wrong.")
}
