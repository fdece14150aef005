package domain_test

import (
	"errors"
	"testing"
	"time"

	"rowhouse/core/domain"
)

// noon is when the tests take place.
var noon = time.Date(2030, time.May, 1, 12, 0, 0, 0, time.UTC)

// wantField checks that a call failed because of one field, and said why.
func wantField(t *testing.T, call string, err error, field, code string) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind != domain.KindInvalid || len(e.Fields) != 1 {
		t.Errorf("%s = %v, want an error about %s alone", call, err, field)
		return
	}
	if f := e.Fields[0]; f.Field != field || f.Code != code || f.Message == "" {
		t.Errorf("%s = %+v, want %s of %s with a message", call, f, code, field)
	}
}

// wantError checks that a call failed as foreseen, or not at all.
func wantError(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", call, err, want)
	}
}
