/** Where to go after signing in: a page of ours, or the start. Nothing that leads to another site. */
export function safeReturnTo(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/')) return '/'
  const url = URL.parse(value, globalThis.location.origin)
  if (url === null || url.origin !== globalThis.location.origin) return '/'
  return url.pathname + url.search + url.hash
}
