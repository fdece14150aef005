package acceptance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"rowhouse/test/apitest"
)

// The whole way from being invited to being a member, as those see it who go
// it.
func TestAnInvitationBringsSomebodyIn(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	owner := s.SignUp(t, "Olga")
	organization := owner.Post("/organizations", M{"name": "Acme"}).Want(http.StatusCreated).Text("id")
	path := "/organizations/" + organization
	const email = "grace@example.com"
	owner.Post(path+"/invitations", M{"email": email, "role": "member"}).Want(http.StatusCreated)
	if waiting := owner.Get(path).Want(http.StatusOK).Object("usage")["pending_invitations"]; waiting != 1.0 {
		t.Errorf("%v invitations are pending, want 1", waiting)
	}

	mails := s.Mails(t, email)
	if len(mails) != 1 || len(mails[0].Links) != 1 {
		t.Fatalf("mailed %v, want one mail with one link", mails)
	}
	_, token, _ := strings.Cut(mails[0].Links[0], "#")
	visitor := s.Anonymous(t)
	shown := visitor.Post("/invitations/preview", M{"token": token}).Want(http.StatusOK)
	if shown.Object("organization")["name"] != "Acme" || shown.JSON()["has_account"] != false {
		t.Errorf("the invitation shows %s, want Acme and no account", shown.Body)
	}
	grace := s.SignUpInvited(t, "Grace", token)
	if grace.Email() != email {
		t.Errorf("signed up as %s, want %s", grace.Email(), email)
	}
	grace.Get(path).Want(http.StatusNotFound)
	grace.Post("/invitations/accept", M{"token": token}).Want(http.StatusOK)
	grace.Get(path).Want(http.StatusOK)

	var members []string
	for _, one := range owner.Get(path + "/members").Want(http.StatusOK).Data() {
		user, _ := one["user"].(M)
		address, _ := user["email"].(string)
		members = append(members, address)
	}
	if len(members) != 2 || !slices.Contains(members, email) {
		t.Errorf("members %v, want the owner and %s", members, email)
	}
	if waiting := owner.Get(path).Want(http.StatusOK).Object("usage")["pending_invitations"]; waiting != 0.0 {
		t.Errorf("%v invitations are pending, want none", waiting)
	}
	if again := s.Mails(t, email); len(again) != 1 {
		t.Errorf("%d mails, want the invitation alone", len(again))
	}
}
