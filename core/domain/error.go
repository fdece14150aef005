package domain

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Kind says what sort of failure an Error is, so that a driving adapter can
// answer it without knowing every code.
type Kind string

// The kinds, from the caller's side to ours.
const (
	KindMalformed       Kind = "malformed"       // the request cannot be read
	KindUnauthenticated Kind = "unauthenticated" // nobody we know is calling
	KindForbidden       Kind = "forbidden"       // the caller may not do this
	KindNotFound        Kind = "not_found"       // absent, or in another tenant
	KindInvalid         Kind = "invalid"         // the input breaks a rule
	KindPrecondition    Kind = "precondition"    // the row has changed meanwhile
	KindConflict        Kind = "conflict"        // the current state forbids it
	KindGone            Kind = "gone"            // it was there, and is over
	KindTooMany         Kind = "too_many"        // asked too often; see RetryAfter
	KindUnavailable     Kind = "unavailable"     // we cannot, for now
)

// Error is a failure that the core foresees.
type Error struct {
	Kind    Kind
	Code    string // stable and machine-readable: "slug_taken"
	Message string // one sentence, safe to show to a person

	// Fields names what is wrong with the input; only with KindInvalid.
	Fields []FieldError
	// Limit and Used are set where a limit of the plan refused.
	Limit, Used *int64
	// Invitation is the one that is over, with KindGone.
	Invitation *InvitationPreview
	// RetryAfter is how long to wait, with KindTooMany and KindUnavailable;
	// zero where unknown.
	RetryAfter time.Duration
}

// FieldError is what is wrong with one field of the input.
type FieldError struct {
	Field   string // its JSON name; "" for the input as a whole
	Code    string // "too_long"
	Message string // safe to show to a person
}

func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Message
	}
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + ": " + f.Message
	}
	return strings.Join(parts, "; ")
}

// Is matches by Code, so that an Error with more detail still matches its
// sentinel. Where the sentinel names fields, they must be at fault too.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	if !ok || t.Code != e.Code {
		return false
	}
	for _, want := range t.Fields {
		if !slices.ContainsFunc(e.Fields, func(f FieldError) bool { return f.Field == want.Field && f.Code == want.Code }) {
			return false
		}
	}
	return true
}

// WithLimit returns a copy that says which limit refused, and how much of it
// was used.
func (e *Error) WithLimit(limit, used int64) *Error {
	c := *e
	c.Limit, c.Used = &limit, &used
	return &c
}

// WithInvitation returns a copy that shows the invitation that is over.
func (e *Error) WithInvitation(preview InvitationPreview) *Error {
	c := *e
	c.Invitation = &preview
	return &c
}

// WithRetryAfter returns a copy that says how long to wait.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Invalid returns an error about one field of the input.
func Invalid(field, code, message string) *Error {
	return &Error{
		Kind:    KindInvalid,
		Code:    "validation_failed",
		Message: "Some of the input is not valid.",
		Fields:  []FieldError{{Field: field, Code: code, Message: message}},
	}
}

// JoinInvalid gathers what is wrong with several fields into one error, so
// that a form learns everything at once. It returns nil if all errs are nil,
// and the first error that is not about a field as it is.
func JoinInvalid(errs ...error) error {
	var all *Error
	for _, err := range errs {
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || len(e.Fields) == 0 {
			return err
		}
		if all == nil {
			c := *e
			all = &c
			continue
		}
		all.Fields = append(slices.Clip(all.Fields), e.Fields...)
	}
	if all == nil {
		return nil
	}
	return all
}

// The failures that belong to no single entity.
var (
	ErrUnauthenticated       = &Error{Kind: KindUnauthenticated, Code: "unauthenticated", Message: "Sign in to continue."}
	ErrForbidden             = &Error{Kind: KindForbidden, Code: "forbidden", Message: "Your role does not allow this."}
	ErrSudoRequired          = &Error{Kind: KindForbidden, Code: "sudo_required", Message: "Confirm your password to continue."}
	ErrOrganizationSuspended = &Error{Kind: KindForbidden, Code: "organization_suspended", Message: "This organization is suspended: it can be read, not changed."}
	ErrNotFound              = &Error{Kind: KindNotFound, Code: "not_found", Message: "There is nothing here, or nothing you may see."}
	ErrPreconditionFailed    = &Error{Kind: KindPrecondition, Code: "precondition_failed", Message: "This has changed since you read it."}
	ErrInvalidCursor         = &Error{Kind: KindMalformed, Code: "invalid_cursor", Message: "This cursor is not one of ours, or was made for another list."}
	ErrRateLimited           = &Error{Kind: KindTooMany, Code: "rate_limited", Message: "Too many attempts. Wait a little and try again."}
	ErrUnavailable           = &Error{Kind: KindUnavailable, Code: "unavailable", Message: "This is not available right now. Try again in a moment.", RetryAfter: 2 * time.Second}
	ErrOverloaded            = &Error{Kind: KindUnavailable, Code: "overloaded", Message: "We are too busy right now. Try again in a moment.", RetryAfter: time.Second}
)
