package memory

import (
	"context"
	"fmt"

	"rowhouse/core/domain"
)

type subscription struct{ *tenant }

func (r subscription) Add(ctx context.Context, subscription domain.Subscription) error {
	return r.write(ctx, func(tx *transaction) error {
		if !tx.organizations.has(r.id) {
			return domain.ErrNotFound
		}
		if tx.subscriptions.has(r.id) {
			return fmt.Errorf("add subscription of %s: %w", r.id, errExists)
		}
		tx.subscriptions.put(tx, r.id, subscription)
		return nil
	})
}

func (r subscription) Get(ctx context.Context) (subscription domain.Subscription, err error) {
	err = r.read(ctx, func(d *data) (err error) {
		subscription, err = d.subscriptions.get(r.id)
		return err
	})
	return subscription, err
}

func (r subscription) Save(ctx context.Context, subscription domain.Subscription) error {
	return r.write(ctx, func(tx *transaction) error {
		if before, ok := tx.subscriptions[r.id]; !ok || before.ID != subscription.ID {
			return domain.ErrNotFound
		}
		tx.subscriptions.put(tx, r.id, subscription)
		return nil
	})
}
