package httpapi

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// parseProxies reads addresses and networks. What is neither trusts nobody.
func parseProxies(proxies []string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, text := range proxies {
		if addr, err := netip.ParseAddr(text); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
		} else if prefix, err := netip.ParsePrefix(text); err == nil {
			prefixes = append(prefixes, prefix.Masked())
		}
	}
	return prefixes
}

// clientIP is where the request came from. Each proxy of ours adds at the end
// of X-Forwarded-For who spoke to it, so the last hop that is none of ours is
// the client; what stands before it anybody can have written.
func (a *api) clientIP(c *fiber.Ctx) netip.Addr {
	client, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	client = client.Unmap()
	var hops []string
	for _, header := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(header), ",")...)
	}
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !a.isProxy(client) {
			break
		}
		client = addr.Unmap().WithZone("")
	}
	return client
}

func (a *api) isProxy(addr netip.Addr) bool {
	for _, prefix := range a.proxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
