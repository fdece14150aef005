package httpapi_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"rowhouse/adapters/httpapi"
)

// connected returns both ends of a connection through the listener.
func connected(t *testing.T) (server, client net.Conn) {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := httpapi.NewListener(inner)
	t.Cleanup(func() { _ = listener.Close() })
	client, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close(); _ = client.Close() })
	return server, client
}

func TestListener_EndsWhatWaitsBeyondItsDeadline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		wait func(net.Conn) error
	}{
		{"a read", func(c net.Conn) error {
			if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
				return err
			}
			_, err := c.Read(make([]byte, 1))
			return err
		}},
		{"a write to somebody who does not read", func(c net.Conn) error {
			if err := c.SetWriteDeadline(time.Now().Add(time.Millisecond)); err != nil {
				return err
			}
			for {
				if _, err := c.Write(make([]byte, 1<<20)); err != nil {
					return err
				}
			}
		}},
		{"either", func(c net.Conn) error {
			if err := c.SetDeadline(time.Now().Add(time.Millisecond)); err != nil {
				return err
			}
			_, err := c.Read(make([]byte, 1))
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, _ := connected(t)
			start := time.Now()
			err := tt.wait(server)
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("it ended with %v, want %v", err, os.ErrDeadlineExceeded)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it ended after %v, want about a second at most", took)
			}
		})
	}
}

func TestListener_LeavesAloneWhatIsInTimeOrHasNoDeadline(t *testing.T) {
	t.Parallel()
	server, client := connected(t)
	if err := server.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := server.SetReadDeadline(time.Time{}); err != nil { // taken back in time
		t.Fatal(err)
	}
	other, _ := connected(t) // its deadline passes, which takes longer than a look at all of them
	if err := other.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); err != nil {
		t.Errorf("Read = %v, want what was sent", err)
	}
}

// The server sets a deadline before each answer and leaves it standing while
// the connection idles: it must not be held against the next answer.
func TestListener_ForgetsADeadlineThatPassedWhileNothingWaited(t *testing.T) {
	t.Parallel()
	server, client := connected(t)
	passes := time.Now().Add(time.Millisecond)
	if err := server.SetDeadline(passes); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) { // now it has passed for writing, too
		t.Fatal(err)
	}
	if err := server.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Write([]byte("x")); err != nil {
		t.Errorf("Write = %v, want it to work under a new deadline", err)
	}
	if _, err := client.Read(make([]byte, 1)); err != nil {
		t.Errorf("the other side got %v", err)
	}
	if _, err := client.Write([]byte("y")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); err != nil {
		t.Errorf("Read = %v, want it to work under a new deadline", err)
	}
}
