package httpapi

import (
	"context"
	"net/http"
	"time"

	"rowhouse/core/domain"
	"rowhouse/core/membership"
)

func (a *api) registerMembers() {
	const (
		tag = "Members"
		all = "/organizations/{organization}/members"
		one = all + "/{membership}"
	)
	register(a, Route{
		ID: "listMembers", Method: http.MethodGet, Path: all, Tag: tag, Summary: "The members, newest first",
		Access: AccessMember, Paged: true, Status: http.StatusOK, Errors: []int{http.StatusUnprocessableEntity},
	}, asActor(a.listMembers))
	register(a, Route{
		ID: "getMember", Method: http.MethodGet, Path: one, Tag: tag, Summary: "A member",
		Access: AccessMember, Tagged: true, Status: http.StatusOK,
	}, asActor(a.getMember))
	register(a, Route{
		ID: "changeRole", Method: http.MethodPatch, Path: one, Tag: tag, Summary: "Give a member another role",
		Access: AccessMember, Permission: domain.MembersManage, Tagged: true, Body: BodyJSON,
		Status: http.StatusOK, Errors: []int{http.StatusConflict},
	}, asActor(a.changeRole))
	register(a, Route{
		ID: "removeMember", Method: http.MethodDelete, Path: one, Tag: tag, Summary: "Remove a member, or leave",
		Access: AccessMember, Permission: domain.MembersManage, OrSelf: true, Tagged: true,
		Status: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, asActor(a.removeMember))
}

type memberJSON struct {
	ID        domain.MembershipID   `format:"uuid"             json:"id"`
	User      memberUserJSON        `json:"user"`
	Role      domain.Role           `enum:"member,admin,owner" json:"role"`
	InvitedBy nullable[userRefJSON] `doc:"null for the founder." json:"invited_by"`
	JoinedAt  time.Time             `json:"joined_at"`
}

// memberUserJSON is a user as fellow members see them.
type memberUserJSON struct {
	ID        domain.UserID `format:"uuid"      json:"id"`
	Name      string        `json:"name"`
	Email     domain.Email  `format:"email"     json:"email"`
	AvatarURL *string       `json:"avatar_url"`
}

func (a *api) newMemberUserJSON(m domain.Member) memberUserJSON {
	return memberUserJSON{ID: m.User, Name: m.Name, Email: m.Email, AvatarURL: a.fileURL(m.Avatar)}
}

func (a *api) newMemberJSON(m domain.Member) memberJSON {
	j := memberJSON{ID: m.ID, User: a.newMemberUserJSON(m), Role: m.Role, JoinedAt: m.CreatedAt}
	if m.InvitedBy != "" {
		j.InvitedBy.value = &userRefJSON{ID: m.InvitedBy, Name: m.InvitedByName}
	}
	return j
}

type memberOutput = tagged[memberJSON]

func (a *api) member(m domain.Member, err error) (*memberOutput, error) {
	if err != nil {
		return nil, err
	}
	return newTagged(m.Version, a.newMemberJSON(m)), nil
}

type listMembersInput struct {
	OrganizationInput
	ListInput

	Role  string `doc:"Only this role: member, admin or owner."          query:"role"`
	Query string `doc:"Part of the name or the e-mail address."          query:"query"`
}

func (a *api) listMembers(ctx context.Context, actor domain.Actor, in *listMembersInput) (*listOutput[memberJSON], error) {
	return lister[domain.Member, memberJSON]{
		fetch: func(page domain.PageRequest) (domain.Page[domain.Member], error) {
			return a.members.List(ctx, actor, membership.ListInput{Role: in.Role, Query: in.Query, Page: page})
		},
		render: a.newMemberJSON,
		key:    func(m domain.Member) (string, string) { return string(m.ID), "" },
	}.answer(ctx, a, in.ListInput, in.Role, in.Query)
}

// MemberInput is the member in the path.
type MemberInput struct {
	OrganizationInput

	Membership string `format:"uuid" path:"membership"`
}

func (in MemberInput) id() domain.MembershipID { return pathID[domain.MembershipID](in.Membership) }

func (a *api) getMember(ctx context.Context, actor domain.Actor, in *MemberInput) (*memberOutput, error) {
	return a.member(a.members.Get(ctx, actor, in.id()))
}

type changeRoleInput struct {
	MemberInput
	MatchInput

	Body struct {
		Role string `doc:"member or admin." example:"admin" json:"role"`
	}
}

func (a *api) changeRole(ctx context.Context, actor domain.Actor, in *changeRoleInput) (*memberOutput, error) {
	return a.member(a.members.ChangeRole(ctx, actor, in.id(), in.Body.Role, in.precondition()))
}

type removeMemberInput struct {
	MemberInput
	MatchInput
}

func (a *api) removeMember(ctx context.Context, actor domain.Actor, in *removeMemberInput) (*none, error) {
	return noContent(a.members.Remove(ctx, actor, in.id(), in.precondition()))
}

// pathID reads an id out of the path, where the guard has let only ids
// through.
func pathID[ID ~string](s string) ID {
	id, _ := domain.ParseID[ID](s) // "" names nothing
	return id
}
