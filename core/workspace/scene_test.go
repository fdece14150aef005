package workspace_test

import (
	"testing"

	"rowhouse/core/coretest"
	"rowhouse/core/domain"
	"rowhouse/core/slug"
	"rowhouse/core/workspace"
)

// scene is Acme with one more member, Edsger.
type scene struct {
	*coretest.Acme

	service *workspace.Service
	other   domain.Actor
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{Acme: coretest.NewAcme(t)}
	s.service = workspace.NewService(s.Store, s.Clock, s.IDs, slug.NewMaker(coretest.Transliterator{}))
	s.other = s.Join(s.Owner, s.User("Edsger"), domain.RoleMember)
	return s
}

func owner(s *scene) domain.Actor  { return s.Owner }
func admin(s *scene) domain.Actor  { return s.Admin }
func member(s *scene) domain.Actor { return s.Member }

// all asks for the first page, of the largest size.
var all = domain.PageRequest{Limit: domain.MaxPageLimit}
