package memory

import "rowhouse/core/domain"

// transaction is what may change the data, and how to undo what it changed.
type transaction struct {
	*data

	undo []func()
	over bool
	// handedOver are the organizations whose owner may be another now.
	handedOver []domain.OrganizationID
}

// commit fails where an organization would be left without an owner: while a
// transaction hands one over, there is none for a moment.
func (tx *transaction) commit() error {
	for _, id := range tx.handedOver {
		if organization, ok := tx.organizations[id]; ok && !tx.owns(organization.Owner, id) {
			return domain.ErrOwnerMissing
		}
	}
	return nil
}

// owns reports whether the user is a member of the organization, as its owner.
func (tx *transaction) owns(user domain.UserID, id domain.OrganizationID) bool {
	i, member := tx.seatsOf.search(user, seat{organization: id})
	if !member {
		return false
	}
	membership := tx.seatsOf.of(user)[i].membership
	return tx.memberships[owned[domain.MembershipID]{id, membership}].Role == domain.RoleOwner
}

// step runs fn and takes back what it changed if it fails or panics.
func (tx *transaction) step(fn func() error) error {
	start, done := len(tx.undo), false
	defer func() {
		if !done {
			tx.rollBack(start)
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	done = true
	return nil
}

// rollBack undoes all changes from the given one on, latest first.
func (tx *transaction) rollBack(start int) {
	for i := len(tx.undo) - 1; i >= start; i-- {
		tx.undo[i]()
	}
	tx.undo = tx.undo[:start]
}
