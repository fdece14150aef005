package argon2

// Occupy takes all slots, as hashes at work would, until release is called.
func (p *Passwords) Occupy() (release func()) {
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	return func() {
		for range cap(p.slots) {
			p.release()
		}
	}
}
