package httpapi

import (
	"context"
	"net/http"

	"rowhouse/core/account"
	"rowhouse/core/domain"
)

func (a *api) registerAuth() {
	const tag = "Sign-in"
	register(a, Route{
		ID: "signUp", Method: http.MethodPost, Path: "/auth/sign-up", Tag: tag, Summary: "Sign up",
		Access: AccessPublic, Rate: domain.RateSignUp, Body: BodyJSON, Status: http.StatusCreated,
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusGone},
	}, a.signUp)
	register(a, Route{
		ID: "signIn", Method: http.MethodPost, Path: "/auth/sign-in", Tag: tag, Summary: "Sign in",
		Access: AccessPublic, Rate: domain.RateSignIn, Body: BodyJSON, Status: http.StatusOK,
		Errors: []int{http.StatusUnauthorized},
	}, a.signIn)
	register(a, Route{
		ID: "signOut", Method: http.MethodPost, Path: "/auth/sign-out", Tag: tag, Summary: "Sign out",
		Access: AccessUser, Status: http.StatusNoContent,
	}, asCaller(a.signOut))
	register(a, Route{
		ID: "sudo", Method: http.MethodPost, Path: "/auth/sudo", Tag: tag, Summary: "Confirm the password for ten minutes",
		Access: AccessUser, Body: BodyJSON, Status: http.StatusNoContent,
		Errors: []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, asCaller(a.sudo))
	register(a, Route{
		ID: "verifyEmail", Method: http.MethodPost, Path: "/auth/verify-email", Tag: tag, Summary: "Use a link that proves an address",
		Access: AccessPublic, Body: BodyJSON, Status: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, a.verifyEmail)
	register(a, Route{
		ID: "resendVerification", Method: http.MethodPost, Path: "/auth/verify-email/resend", Tag: tag, Summary: "Mail that link again",
		Access: AccessUser, Rate: domain.RateRecovery, Status: http.StatusAccepted,
	}, asCaller(a.resendVerification))
	register(a, Route{
		ID: "forgotPassword", Method: http.MethodPost, Path: "/auth/password/forgot", Tag: tag, Summary: "Mail a link to set a new password",
		Access: AccessPublic, Rate: domain.RateRecovery, Body: BodyJSON, Status: http.StatusAccepted,
	}, a.forgotPassword)
	register(a, Route{
		ID: "resetPassword", Method: http.MethodPost, Path: "/auth/password/reset", Tag: tag, Summary: "Set a new password with that link",
		Access: AccessPublic, Rate: domain.RateRecovery, Body: BodyJSON, Status: http.StatusNoContent,
	}, a.resetPassword)
}

type signUpInput struct {
	Body struct {
		Email    string `doc:"An address that nobody else has signed up with. May be left out with an invitation." example:"ada@example.com" json:"email,omitempty"`
		Password string `doc:"12 to 128 characters, not a common password."    example:"correct horse battery staple"   json:"password"`
		Name     string `doc:"At most 64 characters."                          example:"Ada Lovelace"                   json:"name"`

		InvitationToken string `doc:"Of an invitation to this address, which proves it." json:"invitation_token,omitempty"`
	}
}

type userOutput struct {
	Body struct {
		User userJSON `json:"user"`
	}
}

func (a *api) signUp(ctx context.Context, in *signUpInput) (*userOutput, error) {
	signedIn, err := a.accounts.SignUp(ctx, account.SignUpInput{
		Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name, Invitation: domain.Token(in.Body.InvitationToken),
	}, a.client(fiberOf(ctx)))
	return a.signedIn(ctx, signedIn, err)
}

type signInInput struct {
	Body struct {
		Email    string `example:"ada@example.com"              json:"email"`
		Password string `example:"correct horse battery staple" json:"password"`
	}
}

func (a *api) signIn(ctx context.Context, in *signInInput) (*userOutput, error) {
	signedIn, err := a.accounts.SignIn(ctx, in.Body.Email, in.Body.Password, a.client(fiberOf(ctx)))
	return a.signedIn(ctx, signedIn, err)
}

// signedIn hands the new session to the browser.
func (a *api) signedIn(ctx context.Context, s account.SignedIn, err error) (*userOutput, error) {
	if err != nil {
		return nil, err
	}
	c := fiberOf(ctx)
	a.cookies.setSession(c, s.Token)
	a.cookies.setDevice(c, s.Device)
	a.cookies.setCSRF(c, a.newCSRFToken(s.Caller.Session.ID))
	out := &userOutput{}
	out.Body.User = a.newUserJSON(s.Caller.User)
	return out, nil
}

func (a *api) signOut(ctx context.Context, caller domain.Caller, _ *none) (*none, error) {
	if err := a.accounts.SignOut(ctx, caller); err != nil {
		return nil, err
	}
	c := fiberOf(ctx)
	a.cookies.clearSession(c)
	c.Set("Clear-Site-Data", `"cache", "storage"`)
	return noContent(nil)
}

type passwordInput struct {
	Body struct {
		Password string `json:"password"`
	}
}

func (a *api) sudo(ctx context.Context, caller domain.Caller, in *passwordInput) (*none, error) {
	token, err := a.accounts.Sudo(ctx, caller, in.Body.Password)
	if err == nil {
		a.cookies.setSession(fiberOf(ctx), token)
	}
	return noContent(err)
}

type tokenInput struct {
	Body struct {
		Token string `doc:"The part of the link behind #." json:"token"`
	}
}

func (a *api) verifyEmail(ctx context.Context, in *tokenInput) (*none, error) {
	return noContent(a.accounts.VerifyEmail(ctx, domain.Token(in.Body.Token)))
}

func (a *api) resendVerification(ctx context.Context, caller domain.Caller, _ *none) (*none, error) {
	return noContent(a.accounts.ResendVerification(ctx, caller))
}

type emailInput struct {
	Body struct {
		Email string `example:"ada@example.com" json:"email"`
	}
}

func (a *api) forgotPassword(ctx context.Context, in *emailInput) (*none, error) {
	return noContent(a.accounts.ForgotPassword(ctx, in.Body.Email))
}

type resetPasswordInput struct {
	Body struct {
		Token    string `doc:"The part of the link behind #."                json:"token"`
		Password string `doc:"12 to 128 characters, not a common password."  json:"password"`
	}
}

func (a *api) resetPassword(ctx context.Context, in *resetPasswordInput) (*none, error) {
	return noContent(a.accounts.ResetPassword(ctx, domain.Token(in.Body.Token), in.Body.Password))
}
