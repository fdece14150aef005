package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"rowhouse/test/apitest"
)

// Ids are compared without regard to case (RFC 9562, section 4), also where an
// answer depends on whether what the path names exists.
func TestIDs_InUpperCaseNameTheSame(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	c := s.Found(t, "Acme")
	workspace := "/organizations/" + strings.ToUpper(c.ID) + "/workspaces/" + strings.ToUpper(c.Open)
	member := "/organizations/" + strings.ToUpper(c.ID) + "/members/" + strings.ToUpper(c.MemberID)

	for _, path := range []string{workspace, member} {
		c.Owner.Get(path).Want(http.StatusOK)
		c.Owner.Patch(path, apitest.M{"colour": "red"}).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
		c.Member.Patch(path, apitest.M{}).WantProblem(http.StatusForbidden, "forbidden")
	}
	c.Member.Delete(member).Want(http.StatusNoContent) // leaves, as with one's own id in lower case
}
