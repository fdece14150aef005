package organization_test

import (
	"testing"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/image"
	"rowhouse/core/organization"
	"rowhouse/core/slug"
	"rowhouse/ports"
)

// scene is Acme, and what can be done with it.
type scene struct {
	*coretest.Acme

	service *organization.Service
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Acme: coretest.NewAcme(t)}
	s.service = s.on(s.Store)
	return s
}

// on returns the use cases on another store, with everything else as it is.
func (s *scene) on(store ports.Store) *organization.Service {
	return organization.NewService(store, s.Clock, s.IDs, slug.NewMaker(coretest.Transliterator{}), image.NewStore(coretest.Images{}, s.Blobs))
}

// stored returns the organization as it is now.
func (s *scene) stored(actor domain.Actor) domain.Organization {
	s.T.Helper()
	org, err := s.Tenant(actor).Organization().Get(s.T.Context())
	s.Must(err)
	return org
}

func (s *scene) role(actor domain.Actor) domain.Role {
	s.T.Helper()
	member, err := s.Tenant(actor).Memberships().Get(s.T.Context(), actor.Membership)
	s.Must(err)
	return member.Role
}

// all asks for the first page, of the largest size.
var all = domain.PageRequest{Limit: domain.MaxPageLimit}
