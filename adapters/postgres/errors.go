package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"rowhouse/core/domain"
)

// SQLSTATEs that we act on (PostgreSQL, appendix A).
const (
	codeNotAValue        = "22P02" // text that the type does not have
	codeForeignKey       = "23503"
	codeUnique           = "23505"
	codeNotAllowed       = "42501"
	codeSerialization    = "40001"
	codeDeadlock         = "40P01"
	codeReadOnly         = "25006" // a primary that has become a standby
	codeIdleTransaction  = "25P03"
	codeLockNotAvailable = "55P03"
	codeQueryCanceled    = "57014" // by statement_timeout
)

// violates reports whether the statement broke the constraint or unique index
// with this name.
func violates(err error, name string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.ConstraintName == name
}

// has reports whether the database answered with this code.
func has(err error, code string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == code
}

// translate turns what storage says into what the core knows: nothing found is
// domain.ErrNotFound, and whatever will pass, or cannot be told, is
// domain.ErrUnavailable, with its cause behind it for the log. What is left is
// a mistake of ours and comes back as it is.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrRecordNotFound), has(err, codeNotAValue): // an id that is none names nothing
		return domain.ErrNotFound
	case errors.Is(err, context.Canceled):
		return err
	case passing(err):
		if _, known := errors.AsType[*domain.Error](err); known {
			return err
		}
		return fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	return err
}

// passing reports whether the same call may well succeed a moment later.
func passing(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case codeSerialization, codeDeadlock, codeReadOnly, codeIdleTransaction, codeLockNotAvailable, codeQueryCanceled:
			return true
		}
		// Connections (08), resources (53), and an operator or a crash (57P).
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "53") || strings.HasPrefix(e.Code, "57P")
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errConnectionLost) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// runAgain reports whether an update that failed has done nothing and may be
// run again at once.
func runAgain(err error) bool { return has(err, codeSerialization) || has(err, codeDeadlock) }
