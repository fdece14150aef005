package account

import (
	"encoding/base64"
	"strings"

	"rowhouse/core/domain"
)

const devicePurpose = "device"

// deviceCookie is what a device keeps after a sign-in: a random number that is
// bound to the user, so that it can be recognised without being stored here
// (OWASP, "Slow down online guessing attacks with device cookies").
func (s *Service) deviceCookie(user domain.User, nonce string) string {
	mac := s.config.Key.MAC(devicePurpose, string(user.ID), nonce)
	return nonce + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// trustedDevice returns the number of a device on which the user signed in
// before.
func (s *Service) trustedDevice(user domain.User, cookie string) (nonce string, ok bool) {
	nonce, encoded, found := strings.Cut(cookie, ".")
	mac, err := base64.RawURLEncoding.DecodeString(encoded)
	if !found || err != nil || user.ID == "" {
		return "", false
	}
	return nonce, s.config.Key.Verify(mac, devicePurpose, string(user.ID), nonce)
}
