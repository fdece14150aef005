package domain_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"rowhouse/core/domain"
)

func TestErrorIs(t *testing.T) {
	t.Parallel()
	tooLong := domain.Invalid("name", "too_long", "Use less.")
	tests := []struct {
		name        string
		err, target error
		want        bool
	}{
		{"an error is itself", domain.ErrSlugTaken, domain.ErrSlugTaken, true},
		{"an error is another of the same code", domain.ErrSlugTaken, domain.ErrWorkspaceSlugTaken, true},
		{"an error is none of another code", domain.ErrSlugTaken, domain.ErrNotFound, false},
		{"an error of the same kind is not the same", domain.ErrOwnerImmutable, domain.ErrOwnRole, false},
		{"an error is found inside of another", fmt.Errorf("claim: %w", domain.ErrSlugTaken), domain.ErrSlugTaken, true},
		{"an error with a limit is its sentinel", domain.ErrMemberLimitReached.WithLimit(5, 5), domain.ErrMemberLimitReached, true},
		{"an error with a wait is its sentinel", domain.ErrRateLimited.WithRetryAfter(time.Second), domain.ErrRateLimited, true},
		{"a field is the same field", tooLong, domain.Invalid("name", "too_long", "Other words."), true},
		{"a field is none of another name", tooLong, domain.Invalid("slug", "too_long", "Use less."), false},
		{"a field is none of another code", tooLong, domain.Invalid("name", "required", "Use less."), false},
		{"a field is one of several", domain.JoinInvalid(domain.Invalid("slug", "reserved", "No."), tooLong), tooLong, true},
		{"several fields are not one of them", tooLong, domain.JoinInvalid(domain.Invalid("slug", "reserved", "No."), tooLong), false},
		{"no fields is all that is said of input", tooLong, &domain.Error{Code: "validation_failed"}, true},
		{"an error is none of another type", domain.ErrNotFound, errors.New(domain.ErrNotFound.Message), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := errors.Is(tt.err, tt.target); got != tt.want {
				t.Errorf("Is(%v, %v) = %t, want %t", tt.err, tt.target, got, tt.want)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		domain.ErrNotFound.Message: domain.ErrNotFound,
		"name: Enter a name.":      domain.Invalid("name", "required", "Enter a name."),
		"name: Enter a name.; slug: Choose another.": domain.JoinInvalid(
			domain.Invalid("name", "required", "Enter a name."), domain.Invalid("slug", "reserved", "Choose another.")),
	} {
		if got := err.Error(); got != want {
			t.Errorf("Error = %q, want %q", got, want)
		}
	}
}

// A copy that shared its detail with the sentinel would tell one tenant's
// figures to the next.
func TestErrorDetailIsACopy(t *testing.T) {
	t.Parallel()
	limited := domain.ErrWorkspaceLimitReached.WithLimit(3, 4)
	if limited.Limit == nil || *limited.Limit != 3 || limited.Used == nil || *limited.Used != 4 {
		t.Errorf("WithLimit = %+v, want limit 3 and used 4", limited)
	}
	if limited.Kind != domain.KindConflict || limited.Code != "workspace_limit_reached" || limited.Message == "" {
		t.Errorf("WithLimit = %+v, want all else as it was", limited)
	}
	if s := domain.ErrWorkspaceLimitReached; s.Limit != nil || s.Used != nil {
		t.Errorf("the sentinel has become %+v", s)
	}
	later := domain.ErrRateLimited.WithRetryAfter(time.Minute)
	if later.RetryAfter != time.Minute || later.Code != "rate_limited" || later.Kind != domain.KindTooMany {
		t.Errorf("WithRetryAfter = %+v, want a minute", later)
	}
	if s := domain.ErrRateLimited; s.RetryAfter != 0 {
		t.Errorf("the sentinel has become %+v", s)
	}
}

func TestJoinInvalid(t *testing.T) {
	t.Parallel()
	name := domain.Invalid("name", "required", "Enter a name.")
	slug := domain.Invalid("slug", "reserved", "Choose another.")
	outage := errors.New("outage")

	t.Run("nothing wrong is nil", func(t *testing.T) {
		t.Parallel()
		if err := domain.JoinInvalid(); err != nil {
			t.Errorf("JoinInvalid() = %v, want nil", err)
		}
		if err := domain.JoinInvalid(nil, nil); err != nil {
			t.Errorf("JoinInvalid(nil, nil) = %v, want nil", err)
		}
	})
	t.Run("all fields are gathered in their order", func(t *testing.T) {
		t.Parallel()
		err, ok := errors.AsType[*domain.Error](domain.JoinInvalid(nil, name, nil, slug, name))
		want := []domain.FieldError{name.Fields[0], slug.Fields[0], name.Fields[0]}
		if !ok || err.Kind != domain.KindInvalid || err.Code != "validation_failed" || !reflect.DeepEqual(err.Fields, want) {
			t.Errorf("JoinInvalid = %+v, want the fields %+v", err, want)
		}
	})
	t.Run("the errors that are joined stay as they are", func(t *testing.T) {
		t.Parallel()
		one, other := domain.Invalid("a", "b", "c"), domain.Invalid("d", "e", "f")
		first := domain.JoinInvalid(one, other)
		second := domain.JoinInvalid(one, name)
		if len(one.Fields) != 1 || len(other.Fields) != 1 {
			t.Errorf("the errors have become %v and %v", one, other)
		}
		if errors.Is(first, name) || !errors.Is(first, other) || errors.Is(second, other) {
			t.Errorf("JoinInvalid = %v and %v, which share their fields", first, second)
		}
	})
	t.Run("an error about no field is returned as it is", func(t *testing.T) {
		t.Parallel()
		for _, other := range []error{outage, domain.ErrForbidden} {
			if err := domain.JoinInvalid(name, other, slug); err != other { //nolint:errorlint // as it is
				t.Errorf("JoinInvalid = %v, want %v", err, other)
			}
		}
	})
	t.Run("a field inside of another error counts", func(t *testing.T) {
		t.Parallel()
		if err := domain.JoinInvalid(fmt.Errorf("read: %w", name), slug); !errors.Is(err, name) || !errors.Is(err, slug) {
			t.Errorf("JoinInvalid = %v, want both fields", err)
		}
	})
}

// Whoever answers a request reads Kind, Code and Message of each.
func TestSentinels(t *testing.T) {
	t.Parallel()
	want := map[string]struct {
		kind domain.Kind
		errs []*domain.Error
	}{
		"unauthenticated":         {domain.KindUnauthenticated, []*domain.Error{domain.ErrUnauthenticated}},
		"invalid_credentials":     {domain.KindUnauthenticated, []*domain.Error{domain.ErrInvalidCredentials}},
		"forbidden":               {domain.KindForbidden, []*domain.Error{domain.ErrForbidden}},
		"sudo_required":           {domain.KindForbidden, []*domain.Error{domain.ErrSudoRequired}},
		"email_not_verified":      {domain.KindForbidden, []*domain.Error{domain.ErrEmailNotVerified}},
		"organization_suspended":  {domain.KindForbidden, []*domain.Error{domain.ErrOrganizationSuspended}},
		"not_found":               {domain.KindNotFound, []*domain.Error{domain.ErrNotFound}},
		"precondition_failed":     {domain.KindPrecondition, []*domain.Error{domain.ErrPreconditionFailed}},
		"invalid_cursor":          {domain.KindMalformed, []*domain.Error{domain.ErrInvalidCursor}},
		"rate_limited":            {domain.KindTooMany, []*domain.Error{domain.ErrRateLimited}},
		"overloaded":              {domain.KindUnavailable, []*domain.Error{domain.ErrOverloaded}},
		"slug_taken":              {domain.KindConflict, []*domain.Error{domain.ErrSlugTaken, domain.ErrWorkspaceSlugTaken}},
		"already_member":          {domain.KindConflict, []*domain.Error{domain.ErrAlreadyMember}},
		"member_limit_reached":    {domain.KindConflict, []*domain.Error{domain.ErrMemberLimitReached}},
		"owner_immutable":         {domain.KindConflict, []*domain.Error{domain.ErrOwnerImmutable}},
		"own_role":                {domain.KindConflict, []*domain.Error{domain.ErrOwnRole}},
		"already_owner":           {domain.KindConflict, []*domain.Error{domain.ErrAlreadyOwner}},
		"email_taken":             {domain.KindConflict, []*domain.Error{domain.ErrEmailTaken}},
		"owns_organizations":      {domain.KindConflict, []*domain.Error{domain.ErrOwnsOrganizations}},
		"workspace_limit_reached": {domain.KindConflict, []*domain.Error{domain.ErrWorkspaceLimitReached}},
		"default_workspace":       {domain.KindConflict, []*domain.Error{domain.ErrDefaultWorkspace, domain.ErrDefaultStaysOpen}},
		"confirmation_mismatch":   {domain.KindInvalid, []*domain.Error{domain.ErrConfirmationMismatch}},
		"use_transfer_ownership":  {domain.KindInvalid, []*domain.Error{domain.ErrUseTransferOwnership}},
		"validation_failed": {domain.KindInvalid, []*domain.Error{
			domain.ErrInvalidToken, domain.ErrImageUnsupported, domain.ErrImageTooLarge, domain.WrongPassword("password"),
		}},
	}
	for code, sentinels := range want {
		for _, err := range sentinels.errs {
			if err.Kind != sentinels.kind || err.Code != code || err.Message == "" {
				t.Errorf("%+v, want %s %s with a message", err, sentinels.kind, code)
			}
			if (err.Kind == domain.KindInvalid) != (len(err.Fields) > 0) {
				t.Errorf("%s: fields %+v, want some exactly where input is wrong", code, err.Fields)
			}
		}
	}
	if domain.ErrOverloaded.RetryAfter <= 0 {
		t.Error("ErrOverloaded does not say when to try again")
	}
	wantField(t, "WrongPassword", domain.WrongPassword("current_password"), "current_password", "wrong_password")
}
