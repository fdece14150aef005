import type { CreateClientConfig } from './gen/client.gen'

/** How the generated client reaches the API: same origin, cookies, nothing kept by the browser. */
export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  // Absolute: outside of browsers, `new Request('/api')` throws.
  baseUrl: `${globalThis.location.origin}/api/v1`,
  credentials: 'same-origin',
  cache: 'no-store',
  // Bound late, so that tests can stand in for it.
  fetch: (input: RequestInfo | URL, init?: RequestInit) => globalThis.fetch(input, init),
})
