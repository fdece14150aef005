package httpapi_test

import (
	"net/http"
	"testing"

	"rowhouse/test/apitest"
)

func TestOrganizations_Create(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	c.Owner.Get("/organizations/" + c.Slug).Want(http.StatusOK)
	c.Owner.Get("/slugs/acme").Want(http.StatusOK)
	c.Owner.Get("/slugs/fresh").Want(http.StatusOK)
	c.Owner.Get(c.Path("/subscription")).Want(http.StatusOK)
	c.Owner.Get(c.Path("/usage")).Want(http.StatusOK)
	c.Owner.Get("/organizations").Want(http.StatusOK)
	c.Owner.Get("/plans").Want(http.StatusOK)
	c.Owner.Get("/me/sessions").Want(http.StatusOK)
	c.Owner.Get(c.Path("/members")).Want(http.StatusOK)
	c.Owner.Get(c.Path("/members?limit=1")).Want(http.StatusOK)
	c.Owner.Get("/demo/mailbox").Want(http.StatusOK)
}
