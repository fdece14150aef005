// Package unidecode writes other scripts in ASCII letters.
package unidecode

import (
	"github.com/mozillazg/go-unidecode"

	"rowhouse/ports"
)

// Transliterator is a ports.Transliterator: "Žofie" becomes "Zofie", "Юлия"
// becomes "Iuliia". The zero Transliterator is ready.
type Transliterator struct{}

var _ ports.Transliterator = Transliterator{}

// ASCII implements ports.Transliterator.
func (Transliterator) ASCII(text string) string { return unidecode.Unidecode(text) }
