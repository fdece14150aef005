package bootstrap

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"rowhouse/core/domain"
)

// Config is everything that the environment decides. It is read once, at
// start.
type Config struct {
	// ListenAddr is the host and port that the HTTP server binds.
	ListenAddr string `env:"LISTEN_ADDR" envDefault:":8000"`
	// PublicURL is where people reach the service. Every link is made from it.
	PublicURL *url.URL `env:"PUBLIC_URL,required"`
	// SecretKey authenticates what is handed out and comes back: 32 bytes or
	// more, in base64.
	SecretKey domain.SecretKey `env:"SECRET_KEY,required"`
	// BlobURL says where uploaded pictures are kept: file://, s3:// or mem://.
	BlobURL string `env:"BLOB_URL,required"`
	// TrustedProxies are the addresses or networks of proxies whose
	// X-Forwarded-For names the client.
	TrustedProxies []string `env:"TRUSTED_PROXIES"`
	// LogLevel is debug, info, warn or error.
	LogLevel slog.Level `env:"LOG_LEVEL" envDefault:"info"`

	RateConfig
}

// RateConfig is how often requests may come. It rules that alone: what slows
// down guessing, and how often mails are sent again, holds whatever it says.
type RateConfig struct {
	// RateLimits says whether the rates hold at all.
	RateLimits Switch `env:"RATE_LIMITS" envDefault:"on"`
	// The rates of the classes, as domain.ParseRate reads them.
	RateLimitSignIn               domain.Rate `env:"RATE_LIMIT_SIGN_IN"               envDefault:"30/1m"`
	RateLimitSignUp               domain.Rate `env:"RATE_LIMIT_SIGN_UP"               envDefault:"5/1h"`
	RateLimitRecovery             domain.Rate `env:"RATE_LIMIT_RECOVERY"              envDefault:"10/1h"`
	RateLimitInvitationPreview    domain.Rate `env:"RATE_LIMIT_INVITATION_PREVIEW"    envDefault:"30/1m"`
	RateLimitOrganizationCreation domain.Rate `env:"RATE_LIMIT_ORGANIZATION_CREATION" envDefault:"5/24h"`
	RateLimitInvitation           domain.Rate `env:"RATE_LIMIT_INVITATION"            envDefault:"60/1h"`
}

// Switch is on or off.
type Switch bool

// Rates returns the rates that hold.
func (c RateConfig) Rates() map[domain.RateClass]domain.Rate {
	if !c.RateLimits {
		return nil
	}
	return map[domain.RateClass]domain.Rate{
		domain.RateSignIn:               c.RateLimitSignIn,
		domain.RateSignUp:               c.RateLimitSignUp,
		domain.RateRecovery:             c.RateLimitRecovery,
		domain.RateInvitationPreview:    c.RateLimitInvitationPreview,
		domain.RateOrganizationCreation: c.RateLimitOrganizationCreation,
		domain.RateInvitation:           c.RateLimitInvitation,
	}
}

// ServiceConfig is what service mode needs beside.
type ServiceConfig struct {
	Config

	// DatabaseURL is the address of the database for the role rowhouse_app,
	// which is bound by row-level security.
	DatabaseURL string `env:"DATABASE_URL,required"`
	// DatabaseMaxConnections is how many connections a process opens at most;
	// 0 for the adapter's default.
	DatabaseMaxConnections int `env:"DATABASE_MAX_CONNECTIONS"`
	// DatabaseMaxWait is how long a request waits for one of them.
	DatabaseMaxWait time.Duration `env:"DATABASE_MAX_WAIT" envDefault:"200ms"`
	// RedisURL is the address of the Redis that processes share.
	RedisURL string `env:"REDIS_URL,required"`
	// AMQPURL is the address of the RabbitMQ that brings jobs to workers.
	AMQPURL string `env:"AMQP_URL,required"`
	// AMQPPrefix begins the names of what is declared there, so that several
	// installations can share one.
	AMQPPrefix string `env:"AMQP_PREFIX" envDefault:"rowhouse"`
	// DatabaseWorkerURL is the address of the database for the role
	// rowhouse_worker; required by workers.
	DatabaseWorkerURL string `env:"DATABASE_WORKER_URL"`
	// WorkerConcurrency is how many jobs a worker does at once.
	WorkerConcurrency int `env:"WORKER_CONCURRENCY" envDefault:"20"`
	// SMTPURL is the address of the server that mail is handed to.
	SMTPURL string `env:"SMTP_URL,required"`
	// MailFrom is whom mails come from: an address, with a name if you like.
	MailFrom string `env:"MAIL_FROM,required"`
}

// MigrationConfig is what migrations need.
type MigrationConfig struct {
	// DatabaseOwnerURL is the address of the database for the role
	// rowhouse_owner.
	DatabaseOwnerURL string `env:"DATABASE_OWNER_URL,required"`
}

// DatabaseConfig has every address of the database that is set, for
// `rowhouse migrate bootstrap`.
type DatabaseConfig struct {
	DatabaseURL         string `env:"DATABASE_URL"`
	DatabaseOwnerURL    string `env:"DATABASE_OWNER_URL"`
	DatabaseWorkerURL   string `env:"DATABASE_WORKER_URL"`
	DatabaseOperatorURL string `env:"DATABASE_OPERATOR_URL"`
}

// URLs returns the addresses.
func (c DatabaseConfig) URLs() []string {
	all := []string{c.DatabaseURL, c.DatabaseOwnerURL, c.DatabaseWorkerURL, c.DatabaseOperatorURL}
	return slices.DeleteFunc(all, func(url string) bool { return url == "" })
}

// LoadServiceConfig reads the configuration from the environment, as os.Environ
// gives it. Everything that is wrong with it is named in one error, values
// that may be secret left out.
func LoadServiceConfig(environ []string) (ServiceConfig, error) {
	config, err := load[ServiceConfig](given(environ))
	if err != nil {
		return ServiceConfig{}, err
	}
	wrong := config.check()
	if config.DatabaseMaxConnections < 0 || config.DatabaseMaxConnections > 1000 {
		wrong = append(wrong, errors.New("DATABASE_MAX_CONNECTIONS: must be from 1 to 1000"))
	}
	if config.DatabaseMaxWait <= 0 {
		wrong = append(wrong, errors.New("DATABASE_MAX_WAIT: must be longer than nothing, like 200ms"))
	}
	if config.WorkerConcurrency < 1 || config.WorkerConcurrency > 200 {
		wrong = append(wrong, errors.New("WORKER_CONCURRENCY: must be from 1 to 200"))
	}
	return config, asConfigError(wrong)
}

// LoadWorkerConfig is LoadServiceConfig for workers.
func LoadWorkerConfig(environ []string) (ServiceConfig, error) {
	config, err := LoadServiceConfig(environ)
	if err == nil && config.DatabaseWorkerURL == "" {
		err = asConfigError([]error{errors.New("DATABASE_WORKER_URL: is missing")})
	}
	return config, err
}

// LoadMigrationConfig is LoadServiceConfig for migrations.
func LoadMigrationConfig(environ []string) (MigrationConfig, error) {
	return load[MigrationConfig](given(environ))
}

// LoadDatabaseConfig is LoadServiceConfig for the addresses of the database.
func LoadDatabaseConfig(environ []string) (DatabaseConfig, error) {
	return load[DatabaseConfig](given(environ))
}

// given returns the variables that have a value: an empty one is as good as
// none, as in a file of settings that was copied and not filled in.
func given(environ []string) map[string]string {
	vars := env.ToMap(environ)
	maps.DeleteFunc(vars, func(_, value string) bool { return strings.TrimSpace(value) == "" })
	return vars
}

// LoadDemoConfig is LoadConfig with defaults that need nothing from outside.
// newKey makes the secret key of this run.
func LoadDemoConfig(environ []string, newKey func() []byte) (Config, error) {
	vars := map[string]string{
		"LISTEN_ADDR": "127.0.0.1:8000",
		"BLOB_URL":    "mem://",
		"LOG_LEVEL":   "warn",
		"RATE_LIMITS": "off",
		"SECRET_KEY":  base64.StdEncoding.EncodeToString(newKey()),
	}
	maps.Copy(vars, given(environ))
	if vars["PUBLIC_URL"] == "" {
		vars["PUBLIC_URL"] = "http://localhost"
		if _, port, err := net.SplitHostPort(vars["LISTEN_ADDR"]); err == nil && isPort(port) {
			vars["PUBLIC_URL"] += ":" + port
		}
	}
	config, err := load[Config](vars)
	if err != nil {
		return Config{}, err
	}
	return config, asConfigError(config.check())
}

func load[T any](vars map[string]string) (T, error) {
	config, err := env.ParseAsWithOptions[T](env.Options{
		Environment: vars,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[domain.SecretKey](): parseSecretKey,
			reflect.TypeFor[domain.Rate]():      func(text string) (any, error) { return domain.ParseRate(text) },
			reflect.TypeFor[Switch]():           parseSwitch,
		},
	})
	if err != nil {
		var none T
		return none, describe[T](err)
	}
	return config, nil
}

func parseSecretKey(text string) (any, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) < 32 {
		return nil, errors.New("must be 32 bytes or more in base64 (make one with: openssl rand -base64 32)")
	}
	return domain.SecretKey(key), nil
}

func parseSwitch(text string) (any, error) {
	switch strings.TrimSpace(text) {
	case "on":
		return Switch(true), nil
	case "off":
		return Switch(false), nil
	default:
		return nil, errors.New("must be on or off")
	}
}

// check finds values that can be read but make no sense, and brings the rest
// into the form that they are compared in.
func (c *Config) check() (wrong []error) {
	if _, port, err := net.SplitHostPort(c.ListenAddr); err != nil || !isPort(port) {
		wrong = append(wrong, errors.New("LISTEN_ADDR: must be host:port or :port"))
	}
	if u := c.PublicURL; (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		wrong = append(wrong, errors.New("PUBLIC_URL: must be http:// or https://, a host, and nothing behind it"))
	} else {
		c.PublicURL = origin(u)
	}
	for i, proxy := range c.TrustedProxies {
		proxy = strings.TrimSpace(proxy)
		c.TrustedProxies[i] = proxy
		_, errAddr := netip.ParseAddr(proxy)
		if _, errPrefix := netip.ParsePrefix(proxy); errAddr != nil && errPrefix != nil {
			wrong = append(wrong, fmt.Errorf("TRUSTED_PROXIES: %q is neither an address nor a network", proxy))
		}
	}
	return wrong
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// origin writes an address as browsers write where a page comes from: host in
// lower case, no port where it is the scheme's own.
func origin(u *url.URL) *url.URL {
	host := strings.ToLower(u.Host)
	if standard := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; strings.HasSuffix(host, standard) {
		host = strings.TrimSuffix(host, standard)
	}
	return &url.URL{Scheme: u.Scheme, Host: host}
}

// describe names the variables instead of the fields, and leaves values out.
func describe[T any](err error) error {
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return asConfigError([]error{err})
	}
	var wrong []error
	for _, e := range all.Errors {
		switch {
		case errors.As(e, &env.VarIsNotSetError{}):
			missing, _ := errors.AsType[env.VarIsNotSetError](e)
			wrong = append(wrong, fmt.Errorf("%s: is missing", missing.Key))
		case errors.As(e, &env.ParseError{}):
			bad, _ := errors.AsType[env.ParseError](e)
			wrong = append(wrong, fmt.Errorf("%s: %w", variableOf[T](bad.Name), reason(bad)))
		default:
			wrong = append(wrong, e)
		}
	}
	return asConfigError(wrong)
}

// reason is what is wrong with a value, without the value.
func reason(e env.ParseError) error {
	switch e.Name {
	case "LogLevel":
		return errors.New("must be debug, info, warn or error")
	case "PublicURL":
		return errors.New("is no address")
	case "DatabaseMaxConnections", "WorkerConcurrency":
		return errors.New("must be a number")
	case "DatabaseMaxWait":
		return errors.New("must be a duration, like 200ms")
	default:
		return e.Err
	}
}

func variableOf[T any](field string) string {
	f, ok := reflect.TypeFor[T]().FieldByName(field)
	if !ok {
		return field
	}
	name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
	return name
}

func asConfigError(wrong []error) error {
	if len(wrong) == 0 {
		return nil
	}
	parts := make([]string, len(wrong))
	for i, err := range wrong {
		parts[i] = err.Error()
	}
	return errors.New("configuration: " + strings.Join(parts, "; "))
}
