package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"rowhouse/core/domain"
)

func (a *api) registerBilling() {
	const tag = "Billing"
	register(a, Route{
		ID: "listPlans", Method: http.MethodGet, Path: "/plans", Tag: tag, Summary: "The plans, cheapest first",
		Access: AccessPublic, Status: http.StatusOK,
	}, a.listPlans)
	register(a, Route{
		ID: "getSubscription", Method: http.MethodGet, Path: "/organizations/{organization}/subscription", Tag: tag,
		Summary: "The plan that an organization is on", Access: AccessMember, Status: http.StatusOK,
	}, asActor(a.getSubscription))
}

type planJSON struct {
	Tier        domain.Tier `enum:"free,starter,pro,enterprise" json:"tier"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Prices      []priceJSON `json:"prices"      nullable:"false"`
	Limits      limitsJSON  `json:"limits"`
	Features    []string    `json:"features"    nullable:"false"`
}

type priceJSON struct {
	Interval domain.Interval `enum:"month,year"                       json:"interval"`
	Amount   count           `doc:"In the currency's minor unit (cents)." example:"1900" json:"amount"`
	Currency string          `doc:"ISO 4217."                         example:"USD"  json:"currency"`
}

type plansOutput struct {
	Body struct {
		Data []planJSON `json:"data" nullable:"false"`
	}
}

func (a *api) listPlans(context.Context, *none) (*plansOutput, error) {
	out := &plansOutput{}
	for _, p := range a.billing.Plans() {
		j := planJSON{
			Tier: p.Tier, Name: p.Name, Description: p.Description, Features: p.Features, Limits: newLimitsJSON(p.Limits),
		}
		for _, price := range p.Prices {
			j.Prices = append(j.Prices, priceJSON{
				Interval: price.Interval, Amount: count(price.Money.Amount), Currency: price.Money.Currency,
			})
		}
		out.Body.Data = append(out.Body.Data, j)
	}
	return out, nil
}

type subscriptionJSON struct {
	Plan               domain.Tier               `enum:"free,starter,pro,enterprise" json:"plan"`
	Status             domain.SubscriptionStatus `enum:"free,trialing,active,past_due,canceled,unpaid,paused,incomplete,incomplete_expired" json:"status"`
	Interval           *paidInterval             `json:"interval"`
	CurrentPeriodStart time.Time                 `json:"current_period_start"`
	CurrentPeriodEnd   time.Time                 `json:"current_period_end"`
	CancelAtPeriodEnd  bool                      `json:"cancel_at_period_end"`
	TrialEnd           maybeTime                 `json:"trial_end"`
	GraceEndsAt        maybeTime                 `json:"grace_ends_at"`
	NextInvoice        nullable[nextInvoiceJSON] `json:"next_invoice"`
	OverLimits         []overLimitJSON           `json:"over_limits" nullable:"false"`
	Limits             limitsJSON                `json:"limits"`
}

// paidInterval is how often is paid.
type paidInterval domain.Interval

// Schema implements huma.SchemaProvider.
func (paidInterval) Schema(huma.Registry) *huma.Schema {
	return nullableEnum("null while free.", domain.IntervalMonth, domain.IntervalYear)
}

type nextInvoiceJSON struct {
	Amount   count     `json:"amount"`
	Currency string    `json:"currency"`
	Date     time.Time `json:"date"`
}

type overLimitJSON struct {
	Limit   string `enum:"members,workspaces" json:"limit"`
	Allowed limit  `json:"allowed"`
	Used    count  `json:"used"`
}

type subscriptionOutput struct {
	Body subscriptionJSON
}

func (a *api) getSubscription(ctx context.Context, actor domain.Actor, _ *OrganizationInput) (*subscriptionOutput, error) {
	s, err := a.billing.Subscription(ctx, actor)
	if err != nil {
		return nil, err
	}
	j := subscriptionJSON{
		Plan: s.Plan, Status: s.Status, CurrentPeriodStart: s.CurrentPeriodStart, CurrentPeriodEnd: s.CurrentPeriodEnd,
		CancelAtPeriodEnd: s.CancelAtPeriodEnd, TrialEnd: maybeTime(s.TrialEnd), GraceEndsAt: maybeTime(s.GraceEndsAt),
		OverLimits: make([]overLimitJSON, len(s.OverLimits)), Limits: newLimitsJSON(s.Limits),
	}
	if s.Interval != "" {
		j.Interval = (*paidInterval)(&s.Interval)
	}
	for i, o := range s.OverLimits {
		j.OverLimits[i] = overLimitJSON{Limit: o.Limit, Allowed: limit(o.Allowed), Used: count(o.Used)}
	}
	return &subscriptionOutput{Body: j}, nil
}
