package bootstrap_test

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"rowhouse/bootstrap"
	"rowhouse/core/domain"
)

var goodKey = base64.StdEncoding.EncodeToString([]byte("thirty-two bytes of a secret key"))

func environ(changes ...string) []string {
	return append([]string{
		"PUBLIC_URL=https://app.example.com", "SECRET_KEY=" + goodKey, "BLOB_URL=file:///var/lib/rowhouse",
		"DATABASE_URL=postgres://rowhouse_app:hush@db.example/rowhouse", "REDIS_URL=redis://cache.example", "AMQP_URL=amqp://queue.example", "SMTP_URL=smtp://mail.example",
		"MAIL_FROM=Rowhouse <no-reply@example.com>",
	}, changes...)
}

func TestLoadServiceConfig(t *testing.T) {
	t.Parallel()
	config, err := bootstrap.LoadServiceConfig(environ("TRUSTED_PROXIES=10.0.0.0/8, 127.0.0.1", "LOG_LEVEL=debug"))
	if err != nil {
		t.Fatal(err)
	}
	if got := config.PublicURL.String(); got != "https://app.example.com" {
		t.Errorf("PublicURL = %s", got)
	}
	if config.DatabaseMaxConnections != 0 || config.DatabaseMaxWait != 200*time.Millisecond || config.MailFrom != "Rowhouse <no-reply@example.com>" {
		t.Errorf("config = %+v", config)
	}
	if config.ListenAddr != ":8000" || config.LogLevel != slog.LevelDebug || len(config.TrustedProxies) != 2 || len(config.SecretKey) != 32 {
		t.Errorf("config = %+v", config)
	}
}

func TestLoadServiceConfig_NamesEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		environ []string
		want    []string
	}{
		{"nothing is set", nil, []string{
			"PUBLIC_URL: is missing", "SECRET_KEY: is missing", "BLOB_URL: is missing",
			"DATABASE_URL: is missing", "REDIS_URL: is missing", "AMQP_URL: is missing", "SMTP_URL: is missing", "MAIL_FROM: is missing",
		}},
		{"a number of connections that is none", environ("DATABASE_MAX_CONNECTIONS=many"), []string{"DATABASE_MAX_CONNECTIONS: must be a number"}},
		{"fewer connections than none", environ("DATABASE_MAX_CONNECTIONS=-1"), []string{"DATABASE_MAX_CONNECTIONS: must be from 1 to 1000"}},
		{"a wait that is none", environ("DATABASE_MAX_WAIT=long"), []string{"DATABASE_MAX_WAIT: must be a duration"}},
		{"no wait at all", environ("DATABASE_MAX_WAIT=0s"), []string{"DATABASE_MAX_WAIT: must be longer"}},
		{"a key that is too short", environ("SECRET_KEY=c2hvcnQ="), []string{"SECRET_KEY: must be 32 bytes or more in base64"}},
		{"a key that is not base64", environ("SECRET_KEY=my secret!"), []string{"SECRET_KEY: must be 32 bytes or more in base64"}},
		{"an address without a port", environ("LISTEN_ADDR=localhost"), []string{"LISTEN_ADDR: must be host:port"}},
		{"a public address without a scheme", environ("PUBLIC_URL=app.example.com"), []string{"PUBLIC_URL: must be http:// or https://"}},
		{"an empty key", environ("SECRET_KEY="), []string{"SECRET_KEY: is missing"}},
		{"an empty public address", environ("PUBLIC_URL= "), []string{"PUBLIC_URL: is missing"}},
		{"a port that is none", environ("LISTEN_ADDR=127.0.0.1:abc"), []string{"LISTEN_ADDR: must be host:port"}},
		{"a port that is too high", environ("LISTEN_ADDR=:99999"), []string{"LISTEN_ADDR: must be host:port"}},
		{"a public address with a fragment", environ("PUBLIC_URL=https://example.com#x"), []string{"PUBLIC_URL: must be http:// or https://"}},
		{"a public address with a path", environ("PUBLIC_URL=https://example.com/app"), []string{"PUBLIC_URL: must be http:// or https://"}},
		{"a public address that is none", environ("PUBLIC_URL=http://[::1"), []string{"PUBLIC_URL: is no address"}},
		{"an unknown log level", environ("LOG_LEVEL=loud"), []string{"LOG_LEVEL: must be debug, info, warn or error"}},
		{"a proxy that is no address", environ("TRUSTED_PROXIES=10.0.0.1,balancer.example.com"), []string{`TRUSTED_PROXIES: "balancer.example.com"`}},
		{"a switch that is neither", environ("RATE_LIMITS=maybe"), []string{"RATE_LIMITS: must be on or off"}},
		{"a switch of another kind", environ("RATE_LIMITS=true"), []string{"RATE_LIMITS: must be on or off"}},
		{"a rate without a period", environ("RATE_LIMIT_SIGN_IN=30"), []string{"RATE_LIMIT_SIGN_IN: must be a number"}},
		{"a rate that allows nothing", environ("RATE_LIMIT_SIGN_UP=0/1h"), []string{"RATE_LIMIT_SIGN_UP: must be a number"}},
		{"rates that cannot be read, though they are off", environ("RATE_LIMITS=off", "RATE_LIMIT_RECOVERY=x", "RATE_LIMIT_INVITATION=60/1d"), []string{"RATE_LIMIT_RECOVERY:", "RATE_LIMIT_INVITATION:"}},
		{"several things at once", environ("LOG_LEVEL=loud", "SECRET_KEY=x"), []string{"LOG_LEVEL:", "SECRET_KEY:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := bootstrap.LoadServiceConfig(tt.environ)
			if err == nil {
				t.Fatal("LoadServiceConfig succeeded")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("LoadServiceConfig = %q, want it to say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "my secret!") || strings.Contains(err.Error(), "c2hvcnQ=") {
				t.Errorf("LoadServiceConfig = %q tells the secret", err)
			}
		})
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	perDay := func(n int64) domain.Rate { return domain.Rate{Limit: n, Period: 24 * time.Hour, Burst: n} }
	perHour := func(n int64) domain.Rate { return domain.Rate{Limit: n, Period: time.Hour, Burst: n} }
	perMinute := func(n int64) domain.Rate { return domain.Rate{Limit: n, Period: time.Minute, Burst: n} }
	defaults := map[domain.RateClass]domain.Rate{
		domain.RateSignIn: perMinute(30), domain.RateSignUp: perHour(5), domain.RateRecovery: perHour(10),
		domain.RateInvitationPreview: perMinute(30), domain.RateOrganizationCreation: perDay(5), domain.RateInvitation: perHour(60),
	}
	changed := maps.Clone(defaults)
	changed[domain.RateSignIn], changed[domain.RateInvitation] = perMinute(100), domain.Rate{Limit: 60, Period: time.Hour, Burst: 10}
	demo := func(environ []string) (bootstrap.Config, error) {
		return bootstrap.LoadDemoConfig(environ, func() []byte { return make([]byte, 32) })
	}
	service := func(vars []string) (bootstrap.Config, error) {
		config, err := bootstrap.LoadServiceConfig(environ(vars...))
		return config.Config, err
	}
	for _, tt := range []struct {
		name    string
		load    func([]string) (bootstrap.Config, error)
		environ []string
		want    map[domain.RateClass]domain.Rate
	}{
		{"hold in service mode", service, nil, defaults},
		{"do not hold in the demo", demo, nil, nil},
		{"can be switched off", service, []string{"RATE_LIMITS=off"}, nil},
		{"can be switched on", demo, []string{"RATE_LIMITS= on "}, defaults},
		{"can be others", service, []string{"RATE_LIMIT_SIGN_IN=100/1m", "RATE_LIMIT_INVITATION=60/1h/10", "RATE_LIMIT_SIGN_UP="}, changed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config, err := tt.load(tt.environ)
			if err != nil {
				t.Fatal(err)
			}
			if got := config.Rates(); !maps.Equal(got, tt.want) {
				t.Errorf("Rates = %v, want %v", got, tt.want)
			}
		})
	}
	for _, class := range domain.RateClasses {
		if _, ok := defaults[class]; !ok {
			t.Errorf("the class %q has no rate: nothing of it would be limited", class)
		}
	}
}

func TestLoadServiceConfig_WritesThePublicAddressAsBrowsersDo(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://App.Example.COM/":   "https://app.example.com",
		"https://example.com:443":    "https://example.com",
		"http://example.com:80/":     "http://example.com",
		"http://example.com:443":     "http://example.com:443",
		"http://LOCALHOST:8064/":     "http://localhost:8064",
		"https://[2001:DB8::1]:8443": "https://[2001:db8::1]:8443",
	} {
		config, err := bootstrap.LoadServiceConfig(environ("PUBLIC_URL=" + given))
		if err != nil || config.PublicURL.String() != want {
			t.Errorf("PUBLIC_URL=%s is %v, %v; want %s", given, config.PublicURL, err, want)
		}
	}
}

func TestLoadDemoConfig_BlamesTheVariableThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"foo", "127.0.0.1:abc", ":99999"} {
		_, err := bootstrap.LoadDemoConfig([]string{"LISTEN_ADDR=" + addr}, func() []byte { return make([]byte, 32) })
		if err == nil || !strings.Contains(err.Error(), "LISTEN_ADDR") {
			t.Errorf("LISTEN_ADDR=%s: %v, want it to name LISTEN_ADDR", addr, err)
		}
	}
	config, err := bootstrap.LoadDemoConfig([]string{"SECRET_KEY=", "PUBLIC_URL=", "LISTEN_ADDR=", "BLOB_URL="}, func() []byte { return make([]byte, 32) })
	if err != nil || len(config.SecretKey) != 32 || config.PublicURL.String() != "http://localhost:8000" {
		t.Errorf("empty variables = %v, %v; want the defaults", config, err)
	}
}

func TestConfigNeverPrintsTheKey(t *testing.T) {
	t.Parallel()
	config, err := bootstrap.LoadServiceConfig(environ())
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, config); strings.Contains(text, "thirty-two") || strings.Contains(text, goodKey) {
			t.Errorf("%s prints the key: %s", verb, text)
		}
	}
}

func TestLoadDemoConfig(t *testing.T) {
	t.Parallel()
	newKey := func() []byte { return []byte("thirty-two bytes of a secret key") }
	tests := []struct {
		name              string
		environ           []string
		wantAddr, wantURL string
		wantLevel         slog.Level
		wantBlobs         string
	}{
		{"needs nothing", nil, "127.0.0.1:8000", "http://localhost:8000", slog.LevelWarn, "mem://"},
		{"links to the port that it was given", []string{"LISTEN_ADDR=127.0.0.1:9123"}, "127.0.0.1:9123", "http://localhost:9123", slog.LevelWarn, "mem://"},
		{"believes what the environment says", environ("LISTEN_ADDR=:80", "LOG_LEVEL=info"), ":80", "https://app.example.com", slog.LevelInfo, "file:///var/lib/rowhouse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config, err := bootstrap.LoadDemoConfig(tt.environ, newKey)
			if err != nil {
				t.Fatal(err)
			}
			if config.ListenAddr != tt.wantAddr || config.PublicURL.String() != tt.wantURL || config.LogLevel != tt.wantLevel || config.BlobURL != tt.wantBlobs {
				t.Errorf("LoadDemoConfig = %+v", config)
			}
		})
	}
}

func TestLoadMigrationConfig(t *testing.T) {
	t.Parallel()
	config, err := bootstrap.LoadMigrationConfig([]string{"DATABASE_OWNER_URL=postgres://rowhouse_owner@db.example/rowhouse"})
	if err != nil || config.DatabaseOwnerURL != "postgres://rowhouse_owner@db.example/rowhouse" {
		t.Errorf("LoadMigrationConfig = %+v, %v", config, err)
	}
	if _, err := bootstrap.LoadMigrationConfig(nil); err == nil || !strings.Contains(err.Error(), "DATABASE_OWNER_URL: is missing") {
		t.Errorf("LoadMigrationConfig of nothing = %v", err)
	}
}

func TestLoadDatabaseConfig(t *testing.T) {
	t.Parallel()
	config, err := bootstrap.LoadDatabaseConfig([]string{"DATABASE_URL=a", "DATABASE_OPERATOR_URL=d", "DATABASE_WORKER_URL= "})
	if err != nil || !slices.Equal(config.URLs(), []string{"a", "d"}) {
		t.Errorf("LoadDatabaseConfig = %v, %v", config.URLs(), err)
	}
}
