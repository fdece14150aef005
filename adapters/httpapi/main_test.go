package httpapi_test

import (
	"testing"

	"rowhouse/test/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }
