// Package billing tells what an organization pays for.
package billing

import (
	"context"

	"rowhouse/core/domain"
	"rowhouse/ports"
)

// Service has the use cases of this package.
type Service struct {
	store ports.Store
}

// NewService returns a Service.
func NewService(store ports.Store) *Service {
	return &Service{store: store}
}

// Plans returns the catalogue, cheapest first.
func (s *Service) Plans() []domain.Plan { return domain.Plans }

// Subscription returns the plan that the actor's organization is on.
func (s *Service) Subscription(ctx context.Context, actor domain.Actor) (domain.SubscriptionDetail, error) {
	tenant := s.store.Tenant(actor.Organization)
	subscription, err := tenant.Subscription().Get(ctx)
	if err != nil {
		return domain.SubscriptionDetail{}, err
	}
	org, err := tenant.Organization().Get(ctx)
	if err != nil {
		return domain.SubscriptionDetail{}, err
	}
	return subscription.Detail(org.Members, org.Workspaces), nil
}
