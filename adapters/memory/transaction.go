package memory

// transaction is what may change the data, and how to undo what it changed.
type transaction struct {
	*data

	undo []func()
	over bool
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
