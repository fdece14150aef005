package httpapi

import (
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"rowhouse/core/domain"
)

// hotWorkspaces is listWorkspaces without huma: every page of the web app shows
// the list.
func (a *api) hotWorkspaces(c *fiber.Ctx, actor domain.Actor) error {
	in := ListInput{Limit: domain.DefaultPageLimit, Cursor: c.Query("cursor")}
	if text := c.Query("limit"); text != "" { // checkLimit has seen it
		in.Limit, _ = strconv.Atoi(text)
	}
	var scope listScope // only of a list that is longer than a page
	if in.Cursor != "" {
		scope = requestOf(c).scope()
	}
	request, err := a.page(in, scope)
	if err != nil {
		return err
	}
	page, err := a.workspaces.List(c.UserContext(), actor, request)
	if err != nil {
		return err
	}
	h := &c.Response().Header
	h.SetContentType(fiber.MIMEApplicationJSON)
	c.Response().SetStatusCode(http.StatusOK)
	body := a.buffers.Get().(*[]byte) //nolint:forcetypeassert // New makes nothing else
	*body = a.appendWorkspaces((*body)[:0], actor.Organization, page, requestOf(c))
	c.Response().SetBody(*body)
	a.buffers.Put(body)
	return nil
}

// appendWorkspaces renders what listJSON[workspaceJSON] stands for. A test
// holds both against each other.
func (a *api) appendWorkspaces(b []byte, organization domain.OrganizationID, page domain.Page[domain.WorkspaceDetail], r *request) []byte {
	b = append(b, `{"data":[`...)
	for i := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendWorkspace(b, organization, &page.Items[i])
	}
	b = append(b, `],"next_cursor":`...)
	if !page.More {
		return append(b, "null}\n"...)
	}
	last := &page.Items[len(page.Items)-1]
	b = append(append(b, '"'), *a.cursor(r.scope(), last.Name, string(last.ID))...)
	return append(b, "\"}\n"...)
}

func appendWorkspace(b []byte, organization domain.OrganizationID, w *domain.WorkspaceDetail) []byte {
	b = append(append(b, `{"id":"`...), w.ID...)
	b = append(append(b, `","organization_id":"`...), organization...)
	b = appendText(append(b, `","name":`...), w.Name)
	b = append(append(b, `,"slug":"`...), w.Slug...)
	b = appendText(append(b, `","description":`...), w.Description)
	b = append(append(b, `,"visibility":"`...), w.Visibility...)
	b = strconv.AppendBool(append(b, `","is_default":`...), w.IsDefault)
	b = strconv.AppendInt(append(b, `,"member_count":`...), w.Members, 10)
	b = append(append(b, `,"created_by":{"id":"`...), w.CreatedBy...)
	b = appendText(append(b, `","name":`...), w.CreatedByName)
	b = appendTime(append(b, `},"created_at":`...), w.CreatedAt)
	b = appendTime(append(b, `,"updated_at":`...), w.UpdatedAt)
	return append(b, '}')
}
