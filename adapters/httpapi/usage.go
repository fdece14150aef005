package httpapi

import (
	"context"
	"net/http"
	"time"

	"rowhouse/core/domain"
)

func (a *api) registerUsage() {
	register(a, Route{
		ID: "getUsage", Method: http.MethodGet, Path: "/organizations/{organization}/usage", Tag: "Usage",
		Summary: "What an organization uses", Access: AccessMember, Status: http.StatusOK,
		Errors: []int{http.StatusUnprocessableEntity},
	}, asActor(a.getUsage))
}

type metricJSON struct {
	Metric  domain.Metric   `enum:"api_calls,storage_bytes,compute_seconds" json:"metric"`
	Used    count           `json:"used"`
	Limit   limit           `json:"limit"`
	Percent nullable[count] `doc:"Of the limit, rounded down; null without one." json:"percent"`
}

// PeriodJSON is what was used in one period.
type PeriodJSON struct {
	PeriodStart time.Time    `json:"period_start"`
	PeriodEnd   time.Time    `json:"period_end"`
	Metrics     []metricJSON `json:"metrics"      nullable:"false"`
}

func newPeriodJSON(u domain.Usage) PeriodJSON {
	j := PeriodJSON{PeriodStart: u.Period.Start, PeriodEnd: u.Period.End, Metrics: make([]metricJSON, len(u.Metrics))}
	for i, m := range u.Metrics {
		j.Metrics[i] = metricJSON{Metric: m.Metric, Used: count(m.Quantity), Limit: limit(m.Limit), Percent: nullable[count]{(*count)(m.Percent())}}
	}
	return j
}

type usageInput struct {
	OrganizationInput

	History int `doc:"How many past periods to add." maximum:"36" minimum:"0" query:"history"`
}

type usageOutput struct {
	Body struct {
		PeriodJSON

		History []PeriodJSON `doc:"Past periods, latest first, if asked for." json:"history,omitempty" nullable:"false"`
	}
}

func (a *api) getUsage(ctx context.Context, actor domain.Actor, in *usageInput) (*usageOutput, error) {
	present, past, err := a.metering.Usage(ctx, actor, in.History)
	if err != nil {
		return nil, err
	}
	out := &usageOutput{}
	out.Body.PeriodJSON = newPeriodJSON(present)
	for _, u := range past {
		out.Body.History = append(out.Body.History, newPeriodJSON(u))
	}
	return out, nil
}
