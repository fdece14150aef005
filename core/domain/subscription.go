package domain

import "time"

// SubscriptionStatus is where a subscription stands. All but StatusFree are
// Stripe's names for the same thing.
type SubscriptionStatus string

// The statuses.
const (
	StatusFree              SubscriptionStatus = "free" // nothing was ever paid for
	StatusTrialing          SubscriptionStatus = "trialing"
	StatusActive            SubscriptionStatus = "active"
	StatusPastDue           SubscriptionStatus = "past_due"
	StatusCanceled          SubscriptionStatus = "canceled"
	StatusUnpaid            SubscriptionStatus = "unpaid"
	StatusPaused            SubscriptionStatus = "paused"
	StatusIncomplete        SubscriptionStatus = "incomplete"
	StatusIncompleteExpired SubscriptionStatus = "incomplete_expired"
)

// SubscriptionStatuses lists every status.
var SubscriptionStatuses = []SubscriptionStatus{
	StatusFree, StatusTrialing, StatusActive, StatusPastDue, StatusCanceled,
	StatusUnpaid, StatusPaused, StatusIncomplete, StatusIncompleteExpired,
}

// Subscription is the plan that an organization is on. There is exactly one
// for each organization, from its creation on.
type Subscription struct {
	ID                 SubscriptionID
	Plan               Tier
	Interval           Interval // "" while free
	Status             SubscriptionStatus
	CurrentPeriodStart time.Time
	CurrentPeriodEnd   time.Time
	CancelAtPeriodEnd  bool
	TrialEnd           time.Time // zero without a trial
	GraceEndsAt        time.Time // zero unless past due
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

// NewFreeSubscription is what an organization starts with.
func NewFreeSubscription(id SubscriptionID, now time.Time) Subscription {
	return Subscription{
		ID: id, Plan: TierFree, Status: StatusFree,
		CurrentPeriodStart: now, CurrentPeriodEnd: addMonths(now, 1),
		CreatedAt: now, UpdatedAt: now,
	}
}

// UsagePeriod returns the period of usage that now falls into: months counted
// from the start of the subscription's present billing period, ends of months
// clamped (31 January, 28 February, 31 March).
func (s Subscription) UsagePeriod(now time.Time) Period {
	anchor := s.CurrentPeriodStart
	months := (now.Year()-anchor.Year())*12 + int(now.Month()) - int(anchor.Month())
	for now.Before(addMonths(anchor, months)) {
		months--
	}
	return Period{Start: addMonths(anchor, months), End: addMonths(anchor, months+1)}
}

// Period is the time from Start up to, and without, End.
type Period struct {
	Start, End time.Time
}

// addMonths moves t by whole months. Where the month has no such day it takes
// the month's last, so that adding to the anchor never drifts.
func addMonths(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	lastDay := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), lastDay)-1)
}

// OverLimit says that there is more of something than the plan allows, as
// after a downgrade.
type OverLimit struct {
	Limit   string // "members", "workspaces"
	Allowed Limit
	Used    int64
}

// SubscriptionDetail is a subscription with what follows from it.
type SubscriptionDetail struct {
	Subscription

	Limits     Limits
	OverLimits []OverLimit
}

// Detail adds what the organization's present size means for its plan.
func (s Subscription) Detail(members, workspaces int64) SubscriptionDetail {
	limits := PlanOf(s.Plan).Limits
	d := SubscriptionDetail{Subscription: s, Limits: limits}
	if !limits.Members.Allows(members) {
		d.OverLimits = append(d.OverLimits, OverLimit{Limit: "members", Allowed: limits.Members, Used: members})
	}
	if !limits.Workspaces.Allows(workspaces) {
		d.OverLimits = append(d.OverLimits, OverLimit{Limit: "workspaces", Allowed: limits.Workspaces, Used: workspaces})
	}
	return d
}
