package postgres

import (
	"context"
	"time"

	"rowhouse/core/domain"
)

// subscriptionRow is a subscription as a row.
type subscriptionRow struct {
	OrganizationID     domain.OrganizationID `gorm:"primaryKey"`
	ID                 domain.SubscriptionID `gorm:"primaryKey"`
	Plan               domain.Tier
	Interval           domain.Interval
	Status             domain.SubscriptionStatus
	CurrentPeriodStart time.Time
	CurrentPeriodEnd   time.Time
	CancelAtPeriodEnd  bool
	TrialEnd           optionalTime
	GraceEndsAt        optionalTime
	CreatedAt          time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt          time.Time `gorm:"autoUpdateTime:false"`
}

// TableName implements GORM's Tabler.
func (subscriptionRow) TableName() string { return "app.subscriptions" }

func newSubscriptionRow(id domain.OrganizationID, s domain.Subscription) subscriptionRow {
	return subscriptionRow{
		OrganizationID: id, ID: s.ID, Plan: s.Plan, Interval: s.Interval, Status: s.Status,
		CurrentPeriodStart: s.CurrentPeriodStart, CurrentPeriodEnd: s.CurrentPeriodEnd, CancelAtPeriodEnd: s.CancelAtPeriodEnd,
		TrialEnd: optionalTime{s.TrialEnd}, GraceEndsAt: optionalTime{s.GraceEndsAt}, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}

func (r subscriptionRow) subscription() domain.Subscription {
	return domain.Subscription{
		ID: r.ID, Plan: r.Plan, Interval: r.Interval, Status: r.Status,
		CurrentPeriodStart: r.CurrentPeriodStart, CurrentPeriodEnd: r.CurrentPeriodEnd, CancelAtPeriodEnd: r.CancelAtPeriodEnd,
		TrialEnd: r.TrialEnd.Time, GraceEndsAt: r.GraceEndsAt.Time, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

type subscription struct{ *tenant }

func (r subscription) Add(ctx context.Context, s domain.Subscription) error {
	row := newSubscriptionRow(r.id, s)
	err := r.ownWrite(ctx).Create(&row).Error
	if has(err, codeForeignKey) {
		return domain.ErrNotFound
	}
	return translate(err)
}

func (r subscription) Get(ctx context.Context) (domain.Subscription, error) {
	var row subscriptionRow
	err := r.scoped(ctx, "subscriptions").Take(&row).Error
	return row.subscription(), translate(err)
}

func (r subscription) Save(ctx context.Context, s domain.Subscription) error {
	row := newSubscriptionRow(r.id, s)
	saved := r.scopedWrite(ctx, "subscriptions").Model(&subscriptionRow{}).Select("*").Omit("organization_id", "id").
		Where("id = ?", s.ID).Updates(row)
	return foundOne(saved.RowsAffected, translate(saved.Error))
}
