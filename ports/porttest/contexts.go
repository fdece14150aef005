package porttest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

var contextTests = []storeTest{
	{"every call fails once its context is cancelled, and does nothing", testCancelledCalls},
	{"an update fails once its context is cancelled, and does nothing", testCancelledUpdate},
	{"an update whose context is cancelled midway leaves nothing behind", testCancelledMidway},
}

// cancelled returns a context that has been.
func cancelled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func testCancelledCalls(t *testing.T, s *scene) {
	ctx, before, calls := cancelled(t), s.state(), 0
	eachMethod(s, func(name string, method reflect.Value) {
		calls++
		wantError(t, name, s.call(ctx, method), context.Canceled)
	})
	if calls < 30 {
		t.Errorf("only %d methods were found", calls)
	}
	wantSame(t, "the store", s.state(), before)
}

// eachMethod calls fn for each method of each repository of the store, so that
// none can be forgotten.
func eachMethod(s *scene, fn func(name string, method reflect.Value)) {
	for method := range reflect.TypeFor[ports.Repositories]().Methods() {
		if method.Name != "Tenant" {
			repositoryMethods(method.Name, reflect.ValueOf(s.store).MethodByName(method.Name).Call(nil)[0], fn)
		}
	}
	tenant := reflect.ValueOf(s.acme.in(s.store))
	for method := range reflect.TypeFor[ports.Tenant]().Methods() {
		repositoryMethods(method.Name, tenant.MethodByName(method.Name).Call(nil)[0], fn)
	}
}

// repositoryMethods calls fn for each method of the port that a repository
// implements.
func repositoryMethods(name string, repository reflect.Value, fn func(name string, method reflect.Value)) {
	for method := range repository.Type().Methods() {
		fn(name+"."+method.Name, repository.Method(method.Index))
	}
}

// call calls a method with plausible arguments and returns its error.
func (s *scene) call(ctx context.Context, method reflect.Value) error {
	in := make([]reflect.Value, method.Type().NumIn())
	for i := range in {
		in[i] = s.argument(ctx, method.Type().In(i))
	}
	call := method.Call
	if method.Type().IsVariadic() {
		call = method.CallSlice
	}
	out := call(in)
	err, _ := reflect.TypeAssert[error](out[len(out)-1])
	return err
}

func (s *scene) argument(ctx context.Context, t reflect.Type) reflect.Value {
	switch {
	case t == reflect.TypeFor[context.Context]():
		return reflect.ValueOf(ctx)
	case t == reflect.TypeFor[time.Time]():
		return reflect.ValueOf(noon)
	case t == reflect.TypeFor[domain.PageRequest]():
		return reflect.ValueOf(all)
	case t == reflect.TypeFor[domain.OrganizationID]():
		return reflect.ValueOf(s.acme.id)
	case t.Kind() == reflect.String:
		return reflect.ValueOf(s.ids.New()).Convert(t)
	case t.Kind() == reflect.Slice:
		return reflect.Append(reflect.MakeSlice(t, 0, 1), s.argument(ctx, t.Elem()))
	default:
		return reflect.Zero(t)
	}
}

func testCancelledUpdate(t *testing.T, s *scene) {
	before := s.state()
	err := s.store.Update(cancelled(t), s.acme.scope(), func(tx ports.Repositories) error {
		t.Error("the update was begun")
		// Not with the cancelled context: the update itself must refuse.
		return s.changeEverything(t.Context(), tx)
	})
	wantError(t, "Update", err, context.Canceled)
	wantSame(t, "the store", s.state(), before)
}

func testCancelledMidway(t *testing.T, s *scene) {
	before := s.state()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := s.store.Update(ctx, s.acme.scope(), func(tx ports.Repositories) error {
		if err := s.changeEverything(ctx, tx); err != nil {
			return err
		}
		cancel()
		return nil
	})
	wantAnyError(t, "Update", err)
	wantSame(t, "the store", s.state(), before)
}
