package httpapi

import (
	"context"
	"net/http"
	"time"

	"rowhouse/core/domain"
	"rowhouse/core/workspace"
)

func (a *api) registerWorkspaces() {
	const (
		tag  = "Workspaces"
		all  = "/organizations/{organization}/workspaces"
		one  = all + "/{workspace}"
		who  = one + "/members"
		whom = who + "/{membership}"
	)
	list := Route{
		ID: "listWorkspaces", Method: http.MethodGet, Path: all, Tag: tag, Summary: "The workspaces that I see, by name",
		Access: AccessMember, Paged: true, Status: http.StatusOK,
	}
	a.serveHot(list, a.hotWorkspaces)
	register(a, list, asActor(a.listWorkspaces))
	register(a, Route{
		ID: "createWorkspace", Method: http.MethodPost, Path: all, Tag: tag, Summary: "Create a workspace",
		Access: AccessMember, Permission: domain.WorkspacesManage, Body: BodyJSON,
		Status: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, asActor(a.createWorkspace))
	register(a, Route{
		ID: "getWorkspace", Method: http.MethodGet, Path: one, Tag: tag, Summary: "A workspace",
		Access: AccessMember, Tagged: true, Status: http.StatusOK,
	}, asActor(a.getWorkspace))
	register(a, Route{
		ID: "updateWorkspace", Method: http.MethodPatch, Path: one, Tag: tag, Summary: "Change a workspace",
		Access: AccessMember, Permission: domain.WorkspacesManage, Tagged: true, Body: BodyJSON,
		Status: http.StatusOK, Errors: []int{http.StatusConflict},
	}, asActor(a.updateWorkspace))
	register(a, Route{
		ID: "deleteWorkspace", Method: http.MethodDelete, Path: one, Tag: tag, Summary: "Delete a workspace",
		Access: AccessMember, Permission: domain.WorkspacesManage, Tagged: true,
		Status: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, asActor(a.deleteWorkspace))
	register(a, Route{
		ID: "listWorkspaceMembers", Method: http.MethodGet, Path: who, Tag: tag, Summary: "Who was added to a workspace",
		Access: AccessMember, Paged: true, Status: http.StatusOK,
	}, asActor(a.listWorkspaceMembers))
	register(a, Route{
		ID: "addWorkspaceMember", Method: http.MethodPost, Path: who, Tag: tag, Summary: "Add a member to a workspace",
		Access: AccessMember, Permission: domain.WorkspacesManage, Body: BodyJSON,
		Status: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, asActor(a.addWorkspaceMember))
	register(a, Route{
		ID: "removeWorkspaceMember", Method: http.MethodDelete, Path: whom, Tag: tag, Summary: "Take a member, or oneself, out of a workspace",
		Access: AccessMember, Permission: domain.WorkspacesManage, OrSelf: true, Status: http.StatusNoContent,
	}, asActor(a.removeWorkspaceMember))
}

type workspaceJSON struct {
	ID             domain.WorkspaceID    `format:"uuid"              json:"id"`
	OrganizationID domain.OrganizationID `format:"uuid"              json:"organization_id"`
	Name           string                `json:"name"`
	Slug           domain.Slug           `json:"slug"`
	Description    string                `json:"description"`
	Visibility     domain.Visibility     `enum:"open,restricted"     json:"visibility"`
	IsDefault      bool                  `json:"is_default"`
	MemberCount    count                 `json:"member_count"`
	CreatedBy      userRefJSON           `json:"created_by"`
	CreatedAt      time.Time             `json:"created_at"`
	UpdatedAt      time.Time             `json:"updated_at"`
}

func newWorkspaceJSON(organization domain.OrganizationID, w domain.WorkspaceDetail) workspaceJSON {
	return workspaceJSON{
		ID: w.ID, OrganizationID: organization, Name: w.Name, Slug: w.Slug, Description: w.Description,
		Visibility: w.Visibility, IsDefault: w.IsDefault, MemberCount: count(w.Members),
		CreatedBy: userRefJSON{ID: w.CreatedBy, Name: w.CreatedByName}, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
}

type workspaceOutput = tagged[workspaceJSON]

func workspaceAnswer(actor domain.Actor, w domain.WorkspaceDetail, err error) (*workspaceOutput, error) {
	if err != nil {
		return nil, err
	}
	return newTagged(w.Version, newWorkspaceJSON(actor.Organization, w)), nil
}

type listWorkspacesInput struct {
	OrganizationInput
	ListInput
}

// listWorkspaces is what huma describes the route by; hotWorkspaces answers.
func (a *api) listWorkspaces(ctx context.Context, actor domain.Actor, in *listWorkspacesInput) (*listOutput[workspaceJSON], error) {
	return lister[domain.WorkspaceDetail, workspaceJSON]{
		fetch: func(page domain.PageRequest) (domain.Page[domain.WorkspaceDetail], error) {
			return a.workspaces.List(ctx, actor, page)
		},
		render: func(w domain.WorkspaceDetail) workspaceJSON { return newWorkspaceJSON(actor.Organization, w) },
		key:    func(w domain.WorkspaceDetail) (string, string) { return w.Name, string(w.ID) },
	}.answer(ctx, a, in.ListInput)
}

type createWorkspaceInput struct {
	OrganizationInput

	Body struct {
		Name        string `doc:"At most 64 characters."                 example:"Design"          json:"name"`
		Description string `doc:"At most 500 characters."                json:"description,omitempty"`
		Visibility  string `doc:"open (the default) or restricted."      example:"open"            json:"visibility,omitempty"`
	}
}

func (a *api) createWorkspace(ctx context.Context, actor domain.Actor, in *createWorkspaceInput) (*created[workspaceJSON], error) {
	w, err := a.workspaces.Create(ctx, actor, workspace.CreateInput(in.Body))
	out, err := workspaceAnswer(actor, w, err)
	if err != nil {
		return nil, err
	}
	return out.at("/organizations/" + string(actor.Organization) + "/workspaces/" + string(w.ID)), nil
}

// WorkspaceInput is the workspace in the path.
type WorkspaceInput struct {
	OrganizationInput

	Workspace string `format:"uuid" path:"workspace"`
}

func (in WorkspaceInput) id() domain.WorkspaceID { return pathID[domain.WorkspaceID](in.Workspace) }

func (a *api) getWorkspace(ctx context.Context, actor domain.Actor, in *WorkspaceInput) (*workspaceOutput, error) {
	w, err := a.workspaces.Get(ctx, actor, in.id())
	return workspaceAnswer(actor, w, err)
}

type updateWorkspaceInput struct {
	WorkspaceInput
	MatchInput

	Body struct {
		Name        *string `json:"name,omitempty"`
		Description *string `json:"description,omitempty"`
		Visibility  *string `doc:"open or restricted." json:"visibility,omitempty"`
	}
}

func (a *api) updateWorkspace(ctx context.Context, actor domain.Actor, in *updateWorkspaceInput) (*workspaceOutput, error) {
	w, err := a.workspaces.Update(ctx, actor, in.id(), workspace.UpdateInput(in.Body), in.precondition())
	return workspaceAnswer(actor, w, err)
}

type deleteWorkspaceInput struct {
	WorkspaceInput
	MatchInput
}

func (a *api) deleteWorkspace(ctx context.Context, actor domain.Actor, in *deleteWorkspaceInput) (*none, error) {
	return noContent(a.workspaces.Delete(ctx, actor, in.id(), in.precondition()))
}

type workspaceMemberJSON struct {
	MembershipID domain.MembershipID `format:"uuid"             json:"membership_id"`
	User         memberUserJSON      `json:"user"`
	Role         domain.Role         `enum:"member,admin,owner" json:"role"`
	AddedAt      time.Time           `json:"added_at"`
}

func (a *api) newWorkspaceMemberJSON(m domain.WorkspaceMemberDetail) workspaceMemberJSON {
	return workspaceMemberJSON{
		MembershipID: m.Membership, User: a.newMemberUserJSON(m.Member), Role: m.Member.Role, AddedAt: m.CreatedAt,
	}
}

type listWorkspaceMembersInput struct {
	WorkspaceInput
	ListInput
}

func (a *api) listWorkspaceMembers(ctx context.Context, actor domain.Actor, in *listWorkspaceMembersInput) (*listOutput[workspaceMemberJSON], error) {
	return lister[domain.WorkspaceMemberDetail, workspaceMemberJSON]{
		fetch: func(page domain.PageRequest) (domain.Page[domain.WorkspaceMemberDetail], error) {
			return a.workspaces.Members(ctx, actor, in.id(), page)
		},
		render: a.newWorkspaceMemberJSON,
		key:    func(m domain.WorkspaceMemberDetail) (string, string) { return string(m.Membership), "" },
	}.answer(ctx, a, in.ListInput)
}

type addWorkspaceMemberInput struct {
	WorkspaceInput

	Body struct {
		MembershipID string `json:"membership_id"`
	}
}

type workspaceMemberOutput struct {
	Body workspaceMemberJSON
}

func (a *api) addWorkspaceMember(ctx context.Context, actor domain.Actor, in *addWorkspaceMemberInput) (*workspaceMemberOutput, error) {
	added, err := a.workspaces.AddMember(ctx, actor, in.id(), membershipID(in.Body.MembershipID))
	if err != nil {
		return nil, err
	}
	return &workspaceMemberOutput{Body: a.newWorkspaceMemberJSON(added)}, nil
}

type workspaceMemberInput struct {
	WorkspaceInput

	Membership string `format:"uuid" path:"membership"`
}

func (a *api) removeWorkspaceMember(ctx context.Context, actor domain.Actor, in *workspaceMemberInput) (*none, error) {
	return noContent(a.workspaces.RemoveMember(ctx, actor, in.id(), pathID[domain.MembershipID](in.Membership)))
}
