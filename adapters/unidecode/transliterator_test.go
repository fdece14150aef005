package unidecode_test

import (
	"testing"

	"rowhouse/adapters/unidecode"
	"rowhouse/ports"
	"rowhouse/ports/porttest"
)

func TestTransliterator(t *testing.T) {
	t.Parallel()
	porttest.TestTransliterator(t, func(*testing.T) ports.Transliterator { return unidecode.Transliterator{} })
}
