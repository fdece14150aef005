package domain_test

import (
	"fmt"
	"slices"
	"testing"

	"rowhouse/core/domain"
)

func TestPreconditionCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		match   domain.Precondition
		version int64
		want    error
	}{
		{"none accepts any version", nil, 7, nil},
		{"the version is accepted", domain.Precondition{7}, 7, nil},
		{"one of several is accepted", domain.Precondition{5, 7}, 7, nil},
		{"an older version is refused", domain.Precondition{6}, 7, domain.ErrPreconditionFailed},
		{"a newer version is refused", domain.Precondition{8}, 7, domain.ErrPreconditionFailed},
		{"none of several is refused", domain.Precondition{5, 6}, 7, domain.ErrPreconditionFailed},
		{"an empty list accepts nothing", domain.Precondition{}, 7, domain.ErrPreconditionFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, "Check", tt.match.Check(tt.version), tt.want)
		})
	}
}

func TestPageOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		found []int
		want  []int
		more  bool
	}{
		{nil, nil, false},
		{[]int{1}, []int{1}, false},
		{[]int{1, 2}, []int{1, 2}, false},
		{[]int{1, 2, 3}, []int{1, 2}, true},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d found for a page of two", len(tt.found)), func(t *testing.T) {
			t.Parallel()
			if got := domain.PageOf(tt.found, 2); !slices.Equal(got.Items, tt.want) || got.More != tt.more {
				t.Errorf("PageOf = %v, want %v, more: %t", got, tt.want, tt.more)
			}
		})
	}
}

func TestWhatIsSetIsSo(t *testing.T) {
	t.Parallel()
	if (domain.Organization{}).Suspended() || !(domain.Organization{SuspendedAt: noon}).Suspended() {
		t.Error("an organization is suspended exactly if it says since when")
	}
	if (domain.User{}).EmailVerified() || !(domain.User{EmailVerifiedAt: noon}).EmailVerified() {
		t.Error("an address is verified exactly if it says since when")
	}
}

func TestParseVisibility(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]domain.Visibility{
		"open": domain.VisibilityOpen, "restricted": domain.VisibilityRestricted,
	} {
		if got, err := domain.ParseVisibility(text); got != want || err != nil {
			t.Errorf("ParseVisibility(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "OPEN", "private", " open", "restricted\n"} {
		got, err := domain.ParseVisibility(text)
		wantField(t, fmt.Sprintf("ParseVisibility(%q)", text), err, "visibility", "unknown_visibility")
		if got != "" {
			t.Errorf("ParseVisibility(%q) = %q beside the error", text, got)
		}
	}
}

func TestActorViewer(t *testing.T) {
	t.Parallel()
	want := map[domain.Role]bool{domain.RoleMember: false, domain.RoleAdmin: true, domain.RoleOwner: true}
	for _, role := range domain.Roles {
		sees, decided := want[role]
		if !decided {
			t.Errorf("%s: decide which workspaces this role sees", role)
		}
		got := domain.Actor{User: "u1", Membership: "m1", Role: role}.Viewer()
		if got != (domain.WorkspaceViewer{Membership: "m1", SeesAll: sees}) {
			t.Errorf("%s: Viewer = %+v, want SeesAll %t", role, got, sees)
		}
	}
}
