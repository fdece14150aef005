package httpapi

import (
	"context"
	"net/http"
	"time"

	"rowhouse/core/domain"
)

func (a *api) registerMe() {
	const tag = "Account"
	register(a, Route{
		ID: "getMe", Method: http.MethodGet, Path: "/me", Tag: tag, Summary: "Who is signed in",
		Access: AccessUser, Status: http.StatusOK,
	}, asCaller(a.getMe))
	register(a, Route{
		ID: "updateMe", Method: http.MethodPatch, Path: "/me", Tag: tag, Summary: "Change the name",
		Access: AccessUser, Body: BodyJSON, Status: http.StatusOK,
	}, asCaller(a.updateMe))
	register(a, Route{
		ID: "deleteMe", Method: http.MethodDelete, Path: "/me", Tag: tag, Summary: "Delete the account",
		Access: AccessUser, Sudo: true, Status: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, asCaller(a.deleteMe))
	register(a, Route{
		ID: "changePassword", Method: http.MethodPost, Path: "/me/password", Tag: tag, Summary: "Change the password",
		Access: AccessUser, Body: BodyJSON, Status: http.StatusNoContent,
		Errors: []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, asCaller(a.changePassword))
	register(a, Route{
		ID: "changeEmail", Method: http.MethodPost, Path: "/me/email", Tag: tag, Summary: "Ask to use another address",
		Access: AccessUser, Sudo: true, Body: BodyJSON, Status: http.StatusAccepted, Errors: []int{http.StatusTooManyRequests},
	}, asCaller(a.changeEmail))
	register(a, Route{
		ID: "setAvatar", Method: http.MethodPut, Path: "/me/avatar", Tag: tag, Summary: "Upload a picture",
		Access: AccessUser, Body: BodyImage, Status: http.StatusOK, Errors: []int{http.StatusServiceUnavailable},
	}, asCaller(a.setAvatar))
	register(a, Route{
		ID: "removeAvatar", Method: http.MethodDelete, Path: "/me/avatar", Tag: tag, Summary: "Remove the picture",
		Access: AccessUser, Status: http.StatusOK,
	}, asCaller(a.removeAvatar))
	register(a, Route{
		ID: "listSessions", Method: http.MethodGet, Path: "/me/sessions", Tag: tag, Summary: "Where I am signed in",
		Access: AccessUser, Paged: true, Status: http.StatusOK,
	}, asCaller(a.listSessions))
	register(a, Route{
		ID: "endSession", Method: http.MethodDelete, Path: "/me/sessions/{id}", Tag: tag, Summary: "Sign out elsewhere",
		Access: AccessUser, Status: http.StatusNoContent, Errors: []int{http.StatusNotFound},
	}, asCaller(a.endSession))
}

// userJSON is a user as they see themselves.
type userJSON struct {
	ID            domain.UserID `format:"uuid"        json:"id"`
	Email         domain.Email  `format:"email"       json:"email"`
	Name          string        `json:"name"`
	AvatarURL     *string       `json:"avatar_url"`
	EmailVerified bool          `json:"email_verified"`
	IsOperator    bool          `doc:"Whether this is a member of the platform's staff." json:"is_operator"`
	CreatedAt     time.Time     `json:"created_at"`
}

func (a *api) newUserJSON(u domain.User) userJSON {
	return userJSON{
		ID: u.ID, Email: u.Email, Name: u.Name, AvatarURL: a.fileURL(u.Avatar),
		EmailVerified: u.EmailVerified(), IsOperator: u.IsOperator, CreatedAt: u.CreatedAt,
	}
}

// userRefJSON is another user in passing.
type userRefJSON struct {
	ID   domain.UserID `format:"uuid" json:"id"`
	Name string        `doc:"Empty where the account is gone." json:"name"`
}

type meOutput struct {
	Body userJSON
}

func (a *api) me(user domain.User, err error) (*meOutput, error) {
	if err != nil {
		return nil, err
	}
	return &meOutput{Body: a.newUserJSON(user)}, nil
}

func (a *api) getMe(_ context.Context, caller domain.Caller, _ *none) (*meOutput, error) {
	return a.me(caller.User, nil)
}

type updateMeInput struct {
	Body struct {
		Name *string `json:"name,omitempty"`
	}
}

func (a *api) updateMe(ctx context.Context, caller domain.Caller, in *updateMeInput) (*meOutput, error) {
	return a.me(a.accounts.Rename(ctx, caller, in.Body.Name))
}

func (a *api) deleteMe(ctx context.Context, caller domain.Caller, _ *none) (*none, error) {
	err := a.accounts.Delete(ctx, caller)
	if err == nil {
		a.cookies.clearSession(fiberOf(ctx))
	}
	return noContent(err)
}

type changePasswordInput struct {
	Body struct {
		CurrentPassword string `json:"current_password"`
		NewPassword     string `doc:"12 to 128 characters, not a common password." json:"new_password"`
	}
}

func (a *api) changePassword(ctx context.Context, caller domain.Caller, in *changePasswordInput) (*none, error) {
	token, err := a.accounts.ChangePassword(ctx, caller, in.Body.CurrentPassword, in.Body.NewPassword)
	if err == nil {
		a.cookies.setSession(fiberOf(ctx), token)
	}
	return noContent(err)
}

func (a *api) changeEmail(ctx context.Context, caller domain.Caller, in *emailInput) (*none, error) {
	return noContent(a.accounts.ChangeEmail(ctx, caller, in.Body.Email))
}

func (a *api) setAvatar(ctx context.Context, caller domain.Caller, in *ImageInput) (*meOutput, error) {
	upload, err := in.content()
	if err != nil {
		return nil, err
	}
	return a.me(a.accounts.SetAvatar(ctx, caller, upload))
}

func (a *api) removeAvatar(ctx context.Context, caller domain.Caller, _ *none) (*meOutput, error) {
	return a.me(a.accounts.RemoveAvatar(ctx, caller))
}

type sessionJSON struct {
	ID         domain.SessionID `format:"uuid"      json:"id"`
	UserAgent  string           `json:"user_agent"`
	IP         string           `json:"ip"`
	CreatedAt  time.Time        `json:"created_at"`
	LastSeenAt time.Time        `doc:"Correct to a minute." json:"last_seen_at"`
	Current    bool             `doc:"Whether this is the session of the request." json:"current"`
}

func (a *api) listSessions(ctx context.Context, caller domain.Caller, in *ListInput) (*listOutput[sessionJSON], error) {
	return lister[domain.Session, sessionJSON]{
		fetch: func(page domain.PageRequest) (domain.Page[domain.Session], error) {
			return a.accounts.Sessions(ctx, caller, page)
		},
		render: func(s domain.Session) sessionJSON {
			return sessionJSON{
				ID: s.ID, UserAgent: s.UserAgent, IP: s.IP, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt,
				Current: s.ID == caller.Session.ID,
			}
		},
		key: func(s domain.Session) (string, string) { return string(s.ID), "" },
	}.answer(ctx, a, *in)
}

type sessionInput struct {
	ID string `path:"id"`
}

func (a *api) endSession(ctx context.Context, caller domain.Caller, in *sessionInput) (*none, error) {
	id, err := domain.ParseID[domain.SessionID](in.ID)
	if err != nil {
		return nil, err
	}
	return noContent(a.accounts.EndSession(ctx, caller, id))
}
