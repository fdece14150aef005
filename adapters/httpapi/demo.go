package httpapi

import (
	"context"
	"net/http"
	"time"

	"rowhouse/core/domain"
)

func (a *api) registerDemo() {
	register(a, Route{
		ID: "listDemoMails", Method: http.MethodGet, Path: "/demo/mailbox", Tag: "Demo",
		Summary: "The mails that were sent, newest first", Access: AccessPublic, Status: http.StatusOK,
		Errors: []int{http.StatusUnprocessableEntity},
	}, a.listDemoMails)
	register(a, Route{
		ID: "advanceDemoClock", Method: http.MethodPost, Path: "/demo/clock", Tag: "Demo",
		Summary: "Let days of the product's time pass; what is due is done before the answer", Access: AccessPublic, Body: BodyJSON,
		Status: http.StatusOK,
	}, a.advanceDemoClock)
}

type advanceInput struct {
	Body struct {
		AdvanceDays int32 `doc:"1 to 400." example:"7" json:"advance_days"`
	}
}

type advancedOutput struct {
	Body struct {
		Now time.Time `json:"now"`
	}
}

func (a *api) advanceDemoClock(ctx context.Context, in *advanceInput) (*advancedOutput, error) {
	now, err := a.demo.Advance(ctx, int64(in.Body.AdvanceDays))
	if err != nil {
		return nil, err
	}
	out := &advancedOutput{}
	out.Body.Now = now
	return out, nil
}

type mailJSON struct {
	ID      domain.MailID `format:"uuid"   json:"id"`
	To      domain.Email  `format:"email"  json:"to"`
	Subject string        `json:"subject"`
	HTML    string        `json:"html"`
	Text    string        `json:"text"`
	SentAt  time.Time     `json:"sent_at"`
	Links   []string      `json:"links"    nullable:"false"`
}

type mailboxInput struct {
	To string `doc:"Only mails to this address." query:"to"`
}

type mailboxOutput struct {
	Body struct {
		Data []mailJSON `json:"data" nullable:"false"`
	}
}

func (a *api) listDemoMails(ctx context.Context, in *mailboxInput) (*mailboxOutput, error) {
	mails, err := a.demo.Mailbox(ctx, in.To)
	if err != nil {
		return nil, err
	}
	out := &mailboxOutput{}
	out.Body.Data = make([]mailJSON, len(mails))
	for i, m := range mails {
		out.Body.Data[i] = mailJSON{
			ID: m.ID, To: m.To, Subject: m.Subject, HTML: m.HTML, Text: m.Text, SentAt: m.SentAt,
			Links: append([]string{}, m.Links...),
		}
	}
	return out, nil
}
