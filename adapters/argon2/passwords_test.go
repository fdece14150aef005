package argon2_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowhouse/adapters/argon2"
	"rowhouse/core/domain"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

// cheap is the production configuration with next to no memory.
func cheap() argon2.Config {
	c := argon2.DefaultConfig()
	c.Memory = 8
	return c
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	porttest.TestPasswords(t, func(*testing.T) ports.Passwords { return argon2.New(cheap()) })
}

func TestDefaultConfig(t *testing.T) {
	t.Parallel()
	want := argon2.Config{Memory: 47104, Time: 1, Slots: runtime.GOMAXPROCS(0), Queue: 50, Wait: 2 * time.Second}
	if got := argon2.DefaultConfig(); got != want {
		t.Errorf("DefaultConfig = %+v, want %+v", got, want)
	}
}

func TestHashIsAPHCString(t *testing.T) {
	t.Parallel()
	hash, err := argon2.New(argon2.DefaultConfig()).Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "$argon2id$v=19$m=47104,t=1,p=1$"
	parts := strings.Split(strings.TrimPrefix(string(hash), prefix), "$")
	if !strings.HasPrefix(string(hash), prefix) || len(parts) != 2 {
		t.Fatalf("Hash = %q, want %q, salt and key", string(hash), prefix)
	}
	// 16 and 32 bytes in base64 without padding.
	if len(parts[0]) != 22 || len(parts[1]) != 43 {
		t.Errorf("salt and key have %d and %d characters, want 22 and 43", len(parts[0]), len(parts[1]))
	}
}

func TestOutdated(t *testing.T) {
	t.Parallel()

	old := cheap()
	tests := []struct {
		name    string
		today   argon2.Config
		tried   string
		match   bool
		outdate bool
	}{
		{"the same parameters are up to date", old, "correct horse", true, false},
		{"more memory makes a hash outdated", argon2.Config{Memory: 16, Time: 1}, "correct horse", true, true},
		{"less memory makes a hash outdated", argon2.Config{Memory: 4, Time: 1}, "correct horse", true, true},
		{"more passes make a hash outdated", argon2.Config{Memory: 8, Time: 2}, "correct horse", true, true},
		{"other limits do not", argon2.Config{Memory: 8, Time: 1, Slots: 7}, "correct horse", true, false},
		{"a wrong password does not match an outdated hash", argon2.Config{Memory: 16, Time: 1}, "wrong", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hash, err := argon2.New(old).Hash(t.Context(), "correct horse")
			if err != nil {
				t.Fatal(err)
			}
			match, outdated, err := argon2.New(tt.today).Verify(t.Context(), tt.tried, hash)
			if match != tt.match || outdated != tt.outdate || err != nil {
				t.Errorf("Verify = %v, %v, %v; want %v, %v, nil", match, outdated, err, tt.match, tt.outdate)
			}
		})
	}
}

// Hashes that came from elsewhere, or were tampered with, must neither match
// everything nor end the process.
func TestUnusableHash(t *testing.T) {
	t.Parallel()

	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	tests := []struct {
		name string
		hash string
	}{
		{"no key", "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$"},
		{"a key that can be guessed", "$argon2id$v=19$m=8,t=1,p=1$" + salt + "$AAAA"},
		{"no passes", "$argon2id$v=19$m=8,t=0,p=1$" + salt + "$" + key},
		{"no lanes", "$argon2id$v=19$m=8,t=1,p=0$" + salt + "$" + key},
		{"more memory than there is", "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key},
		{"more passes than anybody waits for", "$argon2id$v=19$m=8,t=4294967295,p=1$" + salt + "$" + key},
		{"another variant", "$argon2i$v=19$m=8,t=1,p=1$" + salt + "$" + key},
		{"another version", "$argon2id$v=16$m=8,t=1,p=1$" + salt + "$" + key},
		{"another algorithm", "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			match, _, err := argon2.New(cheap()).Verify(t.Context(), "", domain.PasswordHash(tt.hash))
			if match || err == nil {
				t.Errorf("Verify = %v, %v; want false and an error", match, err)
			}
			if err != nil && strings.Contains(err.Error(), key) {
				t.Errorf("the error %q gives the hash away", err)
			}
		})
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()

	// Each test runs on a clock that jumps to the next timer once everybody
	// waits, so that two seconds take no time.
	tests := []struct {
		name string
		test func(*testing.T)
	}{
		{"a call waits until a slot is free", func(t *testing.T) {
			p := argon2.New(cheap())
			release := p.Occupy()
			done := inBackground(t.Context(), p)
			synctest.Wait()
			select {
			case err := <-done:
				t.Fatalf("Hash = %v while no slot was free", err)
			default:
			}
			release()
			if err := <-done; err != nil {
				t.Errorf("Hash = %v, want nil", err)
			}
		}},
		{"a call gives up after the longest wait", func(t *testing.T) {
			p := argon2.New(cheap())
			defer p.Occupy()()
			start := time.Now()
			if err := <-inBackground(t.Context(), p); !errors.Is(err, domain.ErrOverloaded) {
				t.Errorf("Hash = %v, want ErrOverloaded", err)
			}
			if waited := time.Since(start); waited != 2*time.Second {
				t.Errorf("Hash waited %v, want 2s", waited)
			}
		}},
		{"a call behind a full queue fails at once", func(t *testing.T) {
			p := argon2.New(cheap())
			release := p.Occupy()
			var queued []<-chan error
			for range cheap().Queue {
				queued = append(queued, inBackground(t.Context(), p))
			}
			synctest.Wait()
			start := time.Now()
			if _, _, err := p.Verify(t.Context(), "correct horse", ""); !errors.Is(err, domain.ErrOverloaded) {
				t.Errorf("Verify = %v, want ErrOverloaded", err)
			}
			if waited := time.Since(start); waited != 0 {
				t.Errorf("Verify waited %v, want not at all", waited)
			}
			release()
			for _, done := range queued {
				if err := <-done; err != nil {
					t.Errorf("a queued Hash = %v, want nil", err)
				}
			}
			// The queue is empty again.
			if err := <-inBackground(t.Context(), p); err != nil {
				t.Errorf("Hash = %v, want nil", err)
			}
		}},
		{"a call that nobody waits for leaves the queue", func(t *testing.T) {
			c := cheap()
			c.Queue = 1
			p := argon2.New(c)
			release := p.Occupy()
			ctx, cancel := context.WithCancel(t.Context())
			done := inBackground(ctx, p)
			synctest.Wait()
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("Hash = %v, want %v", err, context.Canceled)
			}
			next := inBackground(t.Context(), p)
			synctest.Wait()
			release()
			if err := <-next; err != nil {
				t.Errorf("the next Hash = %v, want nil", err)
			}
		}},
		{"a cancelled call does no work", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := <-inBackground(ctx, argon2.New(cheap())); !errors.Is(err, context.Canceled) {
				t.Errorf("Hash = %v, want %v", err, context.Canceled)
			}
		}},
		{"a failed call gives its slot back", func(t *testing.T) {
			c := cheap()
			c.Slots, c.Queue = 1, 0
			p := argon2.New(c)
			for range 3 {
				if _, _, err := p.Verify(t.Context(), "x", "no hash"); err == nil || errors.Is(err, domain.ErrOverloaded) {
					t.Fatalf("Verify = %v, want an error about the hash", err)
				}
			}
			if err := <-inBackground(t.Context(), p); err != nil {
				t.Errorf("Hash = %v, want nil", err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, tt.test)
		})
	}
}

func inBackground(ctx context.Context, p *argon2.Passwords) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := p.Hash(ctx, "correct horse")
		done <- err
	}()
	return done
}

// Compare with an empty hash: the two must cost the same.
func BenchmarkVerify(b *testing.B) {
	p := argon2.New(argon2.DefaultConfig())
	hash, err := p.Hash(b.Context(), "correct horse")
	if err != nil {
		b.Fatal(err)
	}
	for name, hash := range map[string]domain.PasswordHash{"hash": hash, "empty": ""} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := p.Verify(b.Context(), "battery staple", hash); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
