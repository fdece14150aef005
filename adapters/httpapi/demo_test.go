package httpapi_test

import (
	"net/http"
	"testing"

	"rowhouse/test/apitest"
)

func TestDemoMailbox(t *testing.T) {
	t.Parallel()
	s := apitest.New(t, apitest.InMemory, apitest.Unverified)
	ada, eve := s.SignUp(t, "Ada"), s.SignUp(t, "Eve")
	mail := func(who *apitest.Client) M {
		sent := mails(t, s, who.Email())[0]
		return M{
			"id": anID, "to": who.Email(), "subject": "Confirm your e-mail address", "html": sent.HTML, "text": sent.Text,
			"sent_at": start, "links": []any{sent.Links[0]},
		}
	}
	c := s.Anonymous(t)
	s.Settle(t)
	res := c.Get("/demo/mailbox").Want(http.StatusOK)
	wantBody(t, res, M{"data": []any{mail(eve), mail(ada)}})
	wantHeader(t, res, "Cache-Control", "no-store")
	wantBody(t, c.Get("/demo/mailbox?to="+ada.Email()).Want(http.StatusOK), M{"data": []any{mail(ada)}})
	wantBody(t, c.Get("/demo/mailbox?to=nobody@example.com").Want(http.StatusOK), M{"data": []any{}})
	wantField(t, c.Get("/demo/mailbox?to=x"), "to", "invalid_email")
}

func TestDemo_IsNotServedOtherwise(t *testing.T) {
	t.Parallel()
	for _, route := range bare(t, discard()).Routes {
		if route.Tag == "Demo" {
			t.Errorf("%s %s is registered", route.Method, route.Path)
		}
	}
}
