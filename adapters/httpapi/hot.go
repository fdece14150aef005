package httpapi

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
	"rowhouse/core/policy"
)

// serveHot answers the route with a handler that renders the body itself. Huma
// still describes the route; what it does for each request (reading inputs
// that there are none of, encoding by reflection) costs more than all the rest
// of the answer. Only what every page asks for earns this.
func (a *api) serveHot(r Route, answer func(*fiber.Ctx, domain.Actor) error) {
	route := r.prepared()
	a.hot[route.Method+" "+fiberPath(route.Path)] = func(c *fiber.Ctx) error {
		if r, admitted := a.enter(c, &route); admitted {
			return answer(c, r.actor)
		}
		return nil
	}
}

// hotOrganization is getOrganization without huma.
func (a *api) hotOrganization(c *fiber.Ctx, actor domain.Actor) error {
	o, err := a.organizations.Get(c.UserContext(), actor)
	if err != nil {
		return err
	}
	h := &c.Response().Header
	h.Set(fiber.HeaderETag, etagOf(o.Version))
	h.SetCanonical(a.cacheTagged.name, a.cacheTagged.value)
	h.SetContentType(fiber.MIMEApplicationJSON)
	c.Response().SetStatusCode(http.StatusOK)
	c.Response().SetBody(a.organizationBody(o))
	return nil
}

// organizationBody renders the organization, unless it is the very same as
// before: mostly a page asks for what did not change since the last one.
func (a *api) organizationBody(o domain.MemberOrganization) []byte {
	place := &a.rendered.places[maphash.String(a.rendered.seed, string(o.Membership))%uint64(len(a.rendered.places))]
	if last := place.Load(); last != nil && last.of == o {
		return last.body
	}
	body := a.appendOrganization(nil, o)
	place.Store(&renderedOrganization{o, body})
	return body
}

// renderedOrganizations keeps the last answers, one for each hash of a
// membership.
type renderedOrganizations struct {
	seed   maphash.Seed
	places [4096]atomic.Pointer[renderedOrganization]
}

// renderedOrganization is an answer, and what it was rendered from. It does
// not change.
type renderedOrganization struct {
	of   domain.MemberOrganization
	body []byte
}

// appendOrganization renders what newOrganizationJSON stands for. A test holds
// both against each other.
func (a *api) appendOrganization(b []byte, o domain.MemberOrganization) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, o.ID...)
	b = appendText(append(b, `","name":`...), o.Name)
	b = append(append(b, `,"slug":"`...), o.Slug...)
	b = appendText(append(b, `","description":`...), o.Description)
	b = append(b, `,"logo_url":`...)
	if url := a.fileURL(o.Logo); url == nil {
		b = append(b, "null"...)
	} else {
		b = appendText(b, *url)
	}
	b = appendText(append(b, `,"billing_email":`...), string(o.BillingEmail))
	b = append(append(b, `,"plan":"`...), o.Plan...)
	b = append(append(b, `","owner":{"id":"`...), o.Owner...)
	b = appendText(append(b, `","name":`...), o.OwnerName)
	b = append(append(b, `},"membership":{"id":"`...), o.Membership...)
	b = append(append(b, `","role":"`...), o.Role...)
	b = append(b, `","permissions":[`...)
	for i, p := range policy.Granted(o.Role) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), p...), '"')
	}
	b = append(b, `]},"suspended_at":`...)
	if o.Suspended() {
		b = appendTime(b, o.SuspendedAt)
	} else {
		b = append(b, "null"...)
	}
	limits := organizationLimits(o)
	b = appendLimit(append(b, `,"limits":{"members":`...), limits.Members)
	b = appendLimit(append(b, `,"workspaces":`...), limits.Workspaces)
	b = appendLimit(append(b, `,"api_calls":`...), limits.APICalls)
	b = appendLimit(append(b, `,"storage_bytes":`...), limits.StorageBytes)
	b = appendLimit(append(b, `,"compute_seconds":`...), limits.ComputeSeconds)
	b = strconv.AppendInt(append(b, `},"usage":{"members":`...), o.Members, 10)
	b = strconv.AppendInt(append(b, `,"pending_invitations":`...), o.PendingInvitations, 10)
	b = strconv.AppendInt(append(b, `,"workspaces":`...), o.Workspaces, 10)
	b = appendTime(append(b, `},"created_at":`...), o.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), o.UpdatedAt)
	return append(b, "}\n"...)
}

func appendLimit(b []byte, l domain.Limit) []byte {
	if l == domain.Unlimited {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, int64(l), 10)
}

func appendTime(b []byte, t time.Time) []byte {
	b = t.AppendFormat(append(b, '"'), time.RFC3339Nano)
	return append(b, '"')
}

// appendText renders a JSON string as encoding/json does without HTML escapes.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return appendEscaped(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendEscaped is for the few texts that are not plain ASCII.
func appendEscaped(b []byte, s string) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return append(b, `""`...) // strings cannot fail
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
