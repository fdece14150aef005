package httpapi

import (
	"context"
	"net/http"
	"time"

	"rowhouse/core/domain"
	"rowhouse/core/invitation"
)

func (a *api) registerInvitations() {
	const (
		tag = "Invitations"
		all = "/organizations/{organization}/invitations"
		one = all + "/{invitation}"
		own = "/me/invitations"
	)
	register(a, Route{
		ID: "listInvitations", Method: http.MethodGet, Path: all, Tag: tag, Summary: "The invitations, newest first",
		Access: AccessMember, Permission: domain.MembersInvite, Paged: true,
		Status: http.StatusOK, Errors: []int{http.StatusForbidden, http.StatusUnprocessableEntity},
	}, asActor(a.listInvitations))
	register(a, Route{
		ID: "createInvitation", Method: http.MethodPost, Path: all, Tag: tag, Summary: "Invite somebody",
		Access: AccessMember, Rate: domain.RateInvitation, Permission: domain.MembersInvite, Body: BodyJSON,
		Status: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, asSender(a.createInvitation))
	register(a, Route{
		ID: "createInvitations", Method: http.MethodPost, Path: all + "/batch", Tag: tag, Summary: "Invite several people, each with a result of its own",
		Access: AccessMember, Rate: domain.RateInvitation, Permission: domain.MembersInvite, Body: BodyJSON,
		Status: http.StatusMultiStatus, Errors: []int{http.StatusTooManyRequests},
	}, asSender(a.createInvitations))
	register(a, Route{
		ID: "resendInvitation", Method: http.MethodPost, Path: one + "/resend", Tag: tag, Summary: "Send an invitation again, with a new link",
		Access: AccessMember, Rate: domain.RateInvitation, Permission: domain.MembersInvite,
		Status: http.StatusOK, Errors: []int{http.StatusGone},
	}, asSender(a.resendInvitation))
	register(a, Route{
		ID: "revokeInvitation", Method: http.MethodDelete, Path: one, Tag: tag, Summary: "Take an invitation back",
		Access: AccessMember, Permission: domain.MembersInvite, Status: http.StatusNoContent, Errors: []int{http.StatusGone},
	}, asActor(a.revokeInvitation))

	answers := []int{http.StatusNotFound, http.StatusGone}
	register(a, Route{
		ID: "previewInvitation", Method: http.MethodPost, Path: "/invitations/preview", Tag: tag, Summary: "Look at an invitation by its token; changes nothing",
		Access: AccessPublic, Rate: domain.RateInvitationPreview, KnowsCaller: true, Body: BodyJSON, Status: http.StatusOK, Errors: answers,
	}, a.previewInvitation)
	register(a, Route{
		ID: "declineInvitation", Method: http.MethodPost, Path: "/invitations/decline", Tag: tag, Summary: "Decline an invitation by its token",
		Access: AccessPublic, Rate: domain.RateInvitationPreview, Body: BodyJSON, Status: http.StatusNoContent, Errors: answers,
	}, a.declineInvitation)
	accepting := append([]int{http.StatusConflict}, answers...)
	register(a, Route{
		ID: "acceptInvitation", Method: http.MethodPost, Path: "/invitations/accept", Tag: tag, Summary: "Accept an invitation by its token",
		Access: AccessUser, Body: BodyJSON, Status: http.StatusOK, Errors: accepting,
	}, asCaller(a.acceptInvitation))
	register(a, Route{
		ID: "listMyInvitations", Method: http.MethodGet, Path: own, Tag: tag, Summary: "The pending invitations to my address, newest first",
		Access: AccessUser, Paged: true, Status: http.StatusOK,
	}, asCaller(a.listMyInvitations))
	register(a, Route{
		ID: "acceptMyInvitation", Method: http.MethodPost, Path: own + "/{invitation}/accept", Tag: tag, Summary: "Accept one of them",
		Access: AccessUser, Status: http.StatusOK, Errors: accepting,
	}, asCaller(a.acceptMyInvitation))
	register(a, Route{
		ID: "declineMyInvitation", Method: http.MethodPost, Path: own + "/{invitation}/decline", Tag: tag, Summary: "Decline one of them",
		Access: AccessUser, Status: http.StatusNoContent, Errors: answers,
	}, asCaller(a.declineMyInvitation))
}

// asSender turns a use of a member who invites into a handler.
func asSender[I, O any](handle func(context.Context, invitation.Sender, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return asActor(func(ctx context.Context, actor domain.Actor, in *I) (*O, error) {
		return asCaller(func(ctx context.Context, caller domain.Caller, in *I) (*O, error) {
			return handle(ctx, invitation.Sender{Actor: actor, User: caller.User}, in)
		})(ctx, in)
	})
}

// InvitationJSON is an invitation as those see it who manage them.
type InvitationJSON struct {
	ID         domain.InvitationID    `format:"uuid"                                         json:"id"`
	Email      domain.Email           `format:"email"                                        json:"email"`
	Role       domain.Role            `enum:"member,admin"                                   json:"role"`
	State      domain.InvitationState `enum:"pending,accepted,declined,revoked,expired"      json:"state"`
	Inviter    userRefJSON            `doc:"The name is empty where the account is gone."    json:"inviter"`
	ExpiresAt  time.Time              `json:"expires_at"`
	CreatedAt  time.Time              `json:"created_at"`
	LastSentAt time.Time              `json:"last_sent_at"`
}

func (a *api) newInvitationJSON(i domain.InvitationDetail) InvitationJSON {
	return InvitationJSON{
		ID: i.ID, Email: i.Email, Role: i.Role, State: a.invitations.StateOf(i.Invitation),
		Inviter:   userRefJSON{ID: i.Inviter, Name: i.InviterName},
		ExpiresAt: i.ExpiresAt, CreatedAt: i.CreatedAt, LastSentAt: i.LastSentAt,
	}
}

type invitationOutput struct {
	Body InvitationJSON
}

func (a *api) invitation(i domain.InvitationDetail, err error) (*invitationOutput, error) {
	if err != nil {
		return nil, err
	}
	return &invitationOutput{Body: a.newInvitationJSON(i)}, nil
}

type listInvitationsInput struct {
	OrganizationInput
	ListInput

	State string `doc:"pending (the default), accepted, declined, revoked or expired." query:"state"`
}

func (a *api) listInvitations(ctx context.Context, actor domain.Actor, in *listInvitationsInput) (*listOutput[InvitationJSON], error) {
	return lister[domain.InvitationDetail, InvitationJSON]{
		fetch: func(page domain.PageRequest) (domain.Page[domain.InvitationDetail], error) {
			return a.invitations.List(ctx, actor, in.State, page)
		},
		render: a.newInvitationJSON,
		key:    func(i domain.InvitationDetail) (string, string) { return string(i.ID), "" },
	}.answer(ctx, a, in.ListInput, in.State)
}

type createInvitationInput struct {
	OrganizationInput

	Body struct {
		Email string `example:"grace@example.com" json:"email"`
		Role  string `doc:"member or admin."      example:"member" json:"role"`
	}
}

func (a *api) createInvitation(ctx context.Context, sender invitation.Sender, in *createInvitationInput) (*invitationOutput, error) {
	return a.invitation(a.invitations.Create(ctx, sender, in.Body.Email, in.Body.Role))
}

type createInvitationsInput struct {
	OrganizationInput

	Body struct {
		Emails []string `doc:"1 to 50 addresses." json:"emails"   nullable:"false"`
		Role   string   `doc:"member or admin."   example:"member" json:"role"`
	}
}

// batchResultJSON is what became of one address: an invitation or a problem.
type batchResultJSON struct {
	Email      string          `doc:"As it was given."          json:"email"`
	Invitation *InvitationJSON `json:"invitation,omitempty"`
	Problem    *Problem        `json:"problem,omitempty"`
}

type batchOutput struct {
	Body struct {
		Results []batchResultJSON `doc:"One for each address, in their order." json:"results" nullable:"false"`
	}
}

func (a *api) createInvitations(ctx context.Context, sender invitation.Sender, in *createInvitationsInput) (*batchOutput, error) {
	results, err := a.invitations.CreateBatch(ctx, sender, in.Body.Emails, in.Body.Role)
	if err != nil {
		return nil, err
	}
	out := &batchOutput{}
	for _, result := range results {
		row := batchResultJSON{Email: result.Email}
		if result.Err != nil {
			row.Problem = newProblem(result.Err, requestOf(fiberOf(ctx)).id)
		} else {
			created := a.newInvitationJSON(result.Invitation)
			row.Invitation = &created
		}
		out.Body.Results = append(out.Body.Results, row)
	}
	return out, nil
}

// InvitationInput is the invitation in the path.
type InvitationInput struct {
	Invitation string `format:"uuid" path:"invitation"`
}

func (in InvitationInput) id() domain.InvitationID {
	return pathID[domain.InvitationID](in.Invitation)
}

type oneInvitationInput struct {
	OrganizationInput
	InvitationInput
}

func (a *api) resendInvitation(ctx context.Context, sender invitation.Sender, in *oneInvitationInput) (*invitationOutput, error) {
	return a.invitation(a.invitations.Resend(ctx, sender, in.id()))
}

func (a *api) revokeInvitation(ctx context.Context, actor domain.Actor, in *oneInvitationInput) (*none, error) {
	return noContent(a.invitations.Revoke(ctx, actor, in.id()))
}

// invitationPreviewJSON is what whoever holds the token sees.
type invitationPreviewJSON struct {
	Organization struct {
		Name    string      `json:"name"`
		Slug    domain.Slug `json:"slug"`
		LogoURL *string     `json:"logo_url"`
	} `json:"organization"`
	Inviter struct {
		Name string `json:"name"`
	} `json:"inviter"`
	Email      string                 `doc:"Masked, unless one is signed in with it." example:"g***@example.com"                     json:"email"`
	HasAccount bool                   `json:"has_account"`
	Role       domain.Role            `enum:"member,admin"                            json:"role"`
	State      domain.InvitationState `enum:"pending,accepted,declined,revoked,expired" json:"state"`
	ExpiresAt  time.Time              `json:"expires_at"`
}

func (a *api) newInvitationPreviewJSON(p domain.InvitationPreview) *invitationPreviewJSON {
	j := &invitationPreviewJSON{Email: p.Email, HasAccount: p.HasAccount, Role: p.Role, State: p.State, ExpiresAt: p.ExpiresAt}
	j.Organization.Name, j.Organization.Slug, j.Organization.LogoURL = p.Organization.Name, p.Organization.Slug, a.fileURL(p.Organization.Logo)
	j.Inviter.Name = p.InviterName
	return j
}

type previewOutput struct {
	Body invitationPreviewJSON
}

func (a *api) previewInvitation(ctx context.Context, in *tokenInput) (*previewOutput, error) {
	viewer := requestOf(fiberOf(ctx)).caller.User
	preview, err := a.invitations.Preview(ctx, viewer, domain.Token(in.Body.Token))
	if err != nil {
		return nil, err
	}
	return &previewOutput{Body: *a.newInvitationPreviewJSON(preview)}, nil
}

func (a *api) declineInvitation(ctx context.Context, in *tokenInput) (*none, error) {
	return noContent(a.invitations.Decline(ctx, domain.Token(in.Body.Token)))
}

type acceptedOutput struct {
	Body struct {
		Membership    memberJSON       `json:"membership"`
		Organization  OrganizationJSON `json:"organization"`
		AlreadyMember bool             `doc:"Whether one was a member before." json:"already_member"`
	}
}

func (a *api) accepted(accepted invitation.Accepted, err error) (*acceptedOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &acceptedOutput{}
	out.Body.Membership = a.newMemberJSON(accepted.Member)
	out.Body.Organization = a.newOrganizationJSON(accepted.Organization)
	out.Body.AlreadyMember = accepted.AlreadyMember
	return out, nil
}

func (a *api) acceptInvitation(ctx context.Context, caller domain.Caller, in *tokenInput) (*acceptedOutput, error) {
	return a.accepted(a.invitations.Accept(ctx, caller, domain.Token(in.Body.Token)))
}

// receivedInvitationJSON is an invitation as the invited person sees it.
type receivedInvitationJSON struct {
	InvitationJSON

	Organization organizationRefJSON `json:"organization"`
}

type organizationRefJSON struct {
	ID      domain.OrganizationID `format:"uuid"     json:"id"`
	Name    string                `json:"name"`
	Slug    domain.Slug           `json:"slug"`
	LogoURL *string               `json:"logo_url"`
}

func (a *api) newReceivedInvitationJSON(i domain.ReceivedInvitation) receivedInvitationJSON {
	o := i.Organization
	return receivedInvitationJSON{
		InvitationJSON: a.newInvitationJSON(i.InvitationDetail),
		Organization:   organizationRefJSON{ID: o.ID, Name: o.Name, Slug: o.Slug, LogoURL: a.fileURL(o.Logo)},
	}
}

func (a *api) listMyInvitations(ctx context.Context, caller domain.Caller, in *ListInput) (*listOutput[receivedInvitationJSON], error) {
	return lister[domain.ReceivedInvitation, receivedInvitationJSON]{
		fetch: func(page domain.PageRequest) (domain.Page[domain.ReceivedInvitation], error) {
			return a.invitations.Received(ctx, caller, page)
		},
		render: a.newReceivedInvitationJSON,
		key:    func(i domain.ReceivedInvitation) (string, string) { return string(i.ID), "" },
	}.answer(ctx, a, *in)
}

func (a *api) acceptMyInvitation(ctx context.Context, caller domain.Caller, in *InvitationInput) (*acceptedOutput, error) {
	return a.accepted(a.invitations.AcceptOwn(ctx, caller, in.id()))
}

func (a *api) declineMyInvitation(ctx context.Context, caller domain.Caller, in *InvitationInput) (*none, error) {
	return noContent(a.invitations.DeclineOwn(ctx, caller, in.id()))
}
