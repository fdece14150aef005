package httpapi_test

import (
	"context"
	"net/http"
	"testing"

	"rowhouse/core/domain"
	"rowhouse/test/apitest"
)

// slow is a ports.Passwords that waits until it is let go.
type slow struct {
	*apitest.Passwords

	entered, release chan struct{}
}

func (p slow) Verify(ctx context.Context, password string, hash domain.PasswordHash) (match, outdated bool, err error) {
	close(p.entered)
	<-p.release
	return p.Passwords.Verify(ctx, password, hash)
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	passwords := slow{&apitest.Passwords{}, make(chan struct{}), make(chan struct{})}
	s := apitest.New(t, apitest.WithPasswords(passwords))
	ada := s.Anonymous(t)
	ada.Header.Set("Connection", "close") // else the server waits for the next request
	ada.Post("/auth/sign-up", M{"email": "ada@example.com", "password": apitest.Password, "name": "Ada"}).Want(http.StatusCreated)
	answered := make(chan *apitest.Response, 1)
	go func() {
		res, err := ada.TrySend(http.MethodPost, "/api/v1/auth/sudo", jsonHeader(), []byte(`{"password":"`+apitest.Password+`"}`))
		if err != nil {
			t.Error(err)
		}
		answered <- res
	}()
	select {
	case <-passwords.entered:
	case res := <-answered:
		t.Fatalf("the request did not wait: %d %s", res.StatusCode, res.Body)
	}
	s.API.Drain()
	stopped := make(chan error, 1)
	go func() { stopped <- s.API.App.Shutdown() }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request under way: %v", err)
	default:
	}
	close(passwords.release)
	if res := <-answered; res == nil || res.StatusCode != http.StatusNoContent {
		t.Errorf("the request under way got %v", res)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}
