package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"rowhouse/core/domain"
	"rowhouse/core/organization"
	"rowhouse/core/policy"
)

func (a *api) registerOrganizations() {
	const tag = "Organizations"
	register(a, Route{
		ID: "listOrganizations", Method: http.MethodGet, Path: "/organizations", Tag: tag, Summary: "My organizations, newest first",
		Access: AccessUser, Paged: true, Status: http.StatusOK,
	}, asCaller(a.listOrganizations))
	register(a, Route{
		ID: "createOrganization", Method: http.MethodPost, Path: "/organizations", Tag: tag, Summary: "Found an organization",
		Access: AccessUser, Rate: domain.RateOrganizationCreation, Body: BodyJSON, Status: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, asCaller(a.createOrganization))
	detail := Route{
		ID: "getOrganization", Method: http.MethodGet, Path: "/organizations/{organization}", Tag: tag, Summary: "An organization",
		Access: AccessMember, Tagged: true, Status: http.StatusOK,
	}
	a.serveHot(detail, a.hotOrganization)
	register(a, detail, asActor(a.getOrganization))
	register(a, Route{
		ID: "updateOrganization", Method: http.MethodPatch, Path: "/organizations/{organization}", Tag: tag, Summary: "Change an organization",
		Access: AccessMember, Permission: domain.OrganizationUpdate, Tagged: true, Body: BodyJSON,
		Status: http.StatusOK, Errors: []int{http.StatusConflict},
	}, asActor(a.updateOrganization))
	register(a, Route{
		ID: "deleteOrganization", Method: http.MethodDelete, Path: "/organizations/{organization}", Tag: tag, Summary: "Delete an organization and everything in it",
		Access: AccessMember, Permission: domain.OrganizationDelete, Sudo: true, Tagged: true, Status: http.StatusNoContent,
	}, asActor(a.deleteOrganization))
	register(a, Route{
		ID: "transferOwnership", Method: http.MethodPost, Path: "/organizations/{organization}/transfer-ownership", Tag: tag,
		Summary: "Make another member the owner", Access: AccessMember, Permission: domain.OrganizationTransfer, Sudo: true,
		Body: BodyJSON, Status: http.StatusOK, Errors: []int{http.StatusConflict},
	}, asActor(a.transferOwnership))
	register(a, Route{
		ID: "setLogo", Method: http.MethodPut, Path: "/organizations/{organization}/logo", Tag: tag, Summary: "Upload a logo",
		Access: AccessMember, Permission: domain.OrganizationUpdate, Body: BodyImage,
		Status: http.StatusOK, Errors: []int{http.StatusServiceUnavailable},
	}, asActor(a.setLogo))
	register(a, Route{
		ID: "removeLogo", Method: http.MethodDelete, Path: "/organizations/{organization}/logo", Tag: tag, Summary: "Remove the logo",
		Access: AccessMember, Permission: domain.OrganizationUpdate, Status: http.StatusOK,
	}, asActor(a.removeLogo))
	register(a, Route{
		ID: "checkSlug", Method: http.MethodGet, Path: "/slugs/{slug}", Tag: tag, Summary: "Whether an address can be had",
		Access: AccessUser, Status: http.StatusOK,
	}, asCaller(a.checkSlug))
}

// OrganizationJSON is an organization as one of its members sees it.
type OrganizationJSON struct {
	ID           domain.OrganizationID `format:"uuid"                                         json:"id"`
	Name         string                `json:"name"`
	Slug         domain.Slug           `json:"slug"`
	Description  string                `json:"description"`
	LogoURL      *string               `json:"logo_url"`
	BillingEmail domain.Email          `format:"email"                                        json:"billing_email"`
	Plan         domain.Tier           `enum:"free,starter,pro,enterprise"                    json:"plan"`
	Owner        userRefJSON           `json:"owner"`
	Membership   ownMembershipJSON     `json:"membership"`
	SuspendedAt  maybeTime             `doc:"Since when it can only be read; null if it can be changed." json:"suspended_at"`
	Limits       limitsJSON            `json:"limits"`
	Usage        seatsJSON             `json:"usage"`
	CreatedAt    time.Time             `json:"created_at"`
	UpdatedAt    time.Time             `json:"updated_at"`
}

// ownMembershipJSON is what the caller is in the organization.
type ownMembershipJSON struct {
	ID          domain.MembershipID `format:"uuid"                json:"id"`
	Role        domain.Role         `enum:"member,admin,owner"    json:"role"`
	Permissions []domain.Permission `json:"permissions"           nullable:"false"`
}

// limitsJSON are the limits of a plan.
type limitsJSON struct {
	Members        limit `json:"members"`
	Workspaces     limit `json:"workspaces"`
	APICalls       limit `doc:"A month. null is unlimited." json:"api_calls"`
	StorageBytes   limit `json:"storage_bytes"`
	ComputeSeconds limit `doc:"A month. null is unlimited." json:"compute_seconds"`
}

func newLimitsJSON(l domain.Limits) limitsJSON {
	return limitsJSON{
		Members: limit(l.Members), Workspaces: limit(l.Workspaces), APICalls: limit(l.APICalls),
		StorageBytes: limit(l.StorageBytes), ComputeSeconds: limit(l.ComputeSeconds),
	}
}

// seatsJSON counts what the limits on members and workspaces count.
type seatsJSON struct {
	Members            count `json:"members"`
	PendingInvitations count `doc:"They count towards the limit on members." json:"pending_invitations"`
	Workspaces         count `json:"workspaces"`
}

// myOrganizationJSON is an organization in the list of the caller's own.
type myOrganizationJSON struct {
	OrganizationJSON

	Role        domain.Role `enum:"member,admin,owner" json:"role"`
	MemberCount count       `json:"member_count"`
}

func (a *api) newOrganizationJSON(o domain.MemberOrganization) OrganizationJSON {
	permissions := policy.Granted(o.Role)
	if permissions == nil {
		permissions = []domain.Permission{}
	}
	return OrganizationJSON{
		ID: o.ID, Name: o.Name, Slug: o.Slug, Description: o.Description, LogoURL: a.fileURL(o.Logo),
		BillingEmail: o.BillingEmail, Plan: o.Plan, Owner: userRefJSON{ID: o.Owner, Name: o.OwnerName},
		Membership:  ownMembershipJSON{ID: o.Membership, Role: o.Role, Permissions: permissions},
		SuspendedAt: maybeTime(o.SuspendedAt), Limits: newLimitsJSON(organizationLimits(o)),
		Usage:     seatsJSON{Members: count(o.Members), PendingInvitations: count(o.PendingInvitations), Workspaces: count(o.Workspaces)},
		CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}
}

// organizationLimits are the plan's, but for those that are kept with the
// organization.
func organizationLimits(o domain.MemberOrganization) domain.Limits {
	limits := domain.PlanOf(o.Plan).Limits
	limits.Members, limits.Workspaces = o.MemberLimit, o.WorkspaceLimit
	return limits
}

type organizationOutput = tagged[OrganizationJSON]

func (a *api) organization(o domain.MemberOrganization, err error) (*organizationOutput, error) {
	if err != nil {
		return nil, err
	}
	return newTagged(o.Version, a.newOrganizationJSON(o)), nil
}

func (a *api) listOrganizations(ctx context.Context, caller domain.Caller, in *ListInput) (*listOutput[myOrganizationJSON], error) {
	return lister[domain.MemberOrganization, myOrganizationJSON]{
		fetch: func(page domain.PageRequest) (domain.Page[domain.MemberOrganization], error) {
			return a.organizations.List(ctx, caller.User.ID, page)
		},
		render: func(o domain.MemberOrganization) myOrganizationJSON {
			return myOrganizationJSON{OrganizationJSON: a.newOrganizationJSON(o), Role: o.Role, MemberCount: count(o.Members)}
		},
		key: func(o domain.MemberOrganization) (string, string) { return string(o.ID), "" },
	}.answer(ctx, a, *in)
}

type createOrganizationInput struct {
	Body struct {
		Name        string  `doc:"At most 64 characters."                          example:"Acme"       json:"name"`
		Slug        *string `doc:"Made from the name where it is left out."        example:"acme"       json:"slug,omitempty"`
		Description string  `doc:"At most 500 characters."                         json:"description,omitempty"`
	}
}

func (a *api) createOrganization(ctx context.Context, caller domain.Caller, in *createOrganizationInput) (*created[OrganizationJSON], error) {
	input := organization.CreateInput{Name: in.Body.Name, Description: in.Body.Description}
	if in.Body.Slug != nil {
		if *in.Body.Slug == "" {
			return nil, domain.Invalid("slug", "invalid_slug", "Choose an address, or leave it out.")
		}
		input.Slug = *in.Body.Slug
	}
	out, err := a.organization(a.organizations.Create(ctx, caller.User, input))
	if err != nil {
		return nil, err
	}
	return out.at("/organizations/" + string(out.Body.ID)), nil
}

// OrganizationInput is the organization in the path. The guard has resolved
// it; it stands here for the document.
type OrganizationInput struct {
	Organization string `doc:"Its id, or its slug, present or old." example:"acme" path:"organization"`
}

// getOrganization is what huma describes the route by; hotOrganization answers.
func (a *api) getOrganization(ctx context.Context, actor domain.Actor, _ *OrganizationInput) (*organizationOutput, error) {
	return a.organization(a.organizations.Get(ctx, actor))
}

type updateOrganizationInput struct {
	OrganizationInput
	MatchInput

	Body struct {
		Name         *string `json:"name,omitempty"`
		Slug         *string `doc:"The one given up keeps leading here."  json:"slug,omitempty"`
		Description  *string `json:"description,omitempty"`
		BillingEmail *string `doc:"Only the owner may change it."         json:"billing_email,omitempty"`
	}
}

func (a *api) updateOrganization(ctx context.Context, actor domain.Actor, in *updateOrganizationInput) (*organizationOutput, error) {
	return a.organization(a.organizations.Update(ctx, actor, organization.UpdateInput(in.Body), in.precondition()))
}

type deleteOrganizationInput struct {
	OrganizationInput
	MatchInput

	Confirm string `doc:"The organization's slug, typed by a person." query:"confirm"`
}

func (a *api) deleteOrganization(ctx context.Context, actor domain.Actor, in *deleteOrganizationInput) (*none, error) {
	return noContent(a.organizations.Delete(ctx, actor, in.Confirm, in.precondition()))
}

type transferOwnershipInput struct {
	OrganizationInput

	Body struct {
		MembershipID string `doc:"The membership of the new owner." json:"membership_id"`
	}
}

func (a *api) transferOwnership(ctx context.Context, actor domain.Actor, in *transferOwnershipInput) (*organizationOutput, error) {
	return a.organization(a.organizations.TransferOwnership(ctx, actor, membershipID(in.Body.MembershipID)))
}

type logoInput struct {
	OrganizationInput
	ImageInput
}

func (a *api) setLogo(ctx context.Context, actor domain.Actor, in *logoInput) (*organizationOutput, error) {
	upload, err := in.content()
	if err != nil {
		return nil, err
	}
	return a.organization(a.organizations.SetLogo(ctx, actor, upload))
}

func (a *api) removeLogo(ctx context.Context, actor domain.Actor, _ *OrganizationInput) (*organizationOutput, error) {
	return a.organization(a.organizations.RemoveLogo(ctx, actor))
}

type slugInput struct {
	Slug string `path:"slug"`
}

type slugOutput struct {
	Body struct {
		Slug       string      `json:"slug"`
		Available  bool        `json:"available"`
		Reason     *slugReason `json:"reason"`
		Suggestion domain.Slug `doc:"One that can be had."                  json:"suggestion"`
	}
}

// slugReason is why an address cannot be had.
type slugReason string

// Schema implements huma.SchemaProvider.
func (slugReason) Schema(huma.Registry) *huma.Schema {
	return nullableEnum("Why it cannot be had; null if it can.", "taken", "reserved", "invalid")
}

func (a *api) checkSlug(ctx context.Context, _ domain.Caller, in *slugInput) (*slugOutput, error) {
	text, err := url.PathUnescape(in.Slug) // people type anything here
	if err != nil || !utf8.ValidString(text) {
		text = in.Slug
	}
	check, err := a.organizations.CheckSlug(ctx, text)
	if err != nil {
		return nil, err
	}
	out := &slugOutput{}
	out.Body.Slug, out.Body.Available, out.Body.Suggestion = check.Slug, check.Reason == "", check.Suggestion
	if check.Reason != "" {
		out.Body.Reason = (*slugReason)(&check.Reason)
	}
	return out, nil
}

// membershipID reads a membership out of a body. What is no id names nobody,
// which the use case says.
func membershipID(s string) domain.MembershipID {
	id, err := domain.ParseID[domain.MembershipID](s)
	if err != nil {
		return ""
	}
	return id
}
