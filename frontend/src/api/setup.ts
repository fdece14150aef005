import { client } from './gen/client.gen'
import { ApiError } from './problem'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The cookie that a request which changes something repeats in a header; any GET sets it. */
function csrfToken(): string | undefined {
  return /(?:^|; )csrf_token=([^;]*)/.exec(document.cookie)?.[1]
}

/**
 * Sets up, in one place, what every request needs and every failure means.
 * Answers that say one is not signed in call `onSignedOut`. Returns what takes
 * it all back.
 */
export function setUpApi(onSignedOut: () => void): () => void {
  const outgoing = client.interceptors.request.use(async (request) => {
    if (SAFE.has(request.method)) return request
    // Gone with the browser's last session, or never set: any GET brings it.
    if (csrfToken() === undefined) await globalThis.fetch(new URL('/api/v1/plans', request.url))
    const token = csrfToken()
    if (token !== undefined) request.headers.set('X-CSRF-Token', decodeURIComponent(token))
    return request
  })
  const failed = client.interceptors.error.use((error, response: Response | undefined) => {
    const problem = ApiError.from(error, response)
    if (problem.status === 401 && problem.code === 'unauthenticated') onSignedOut()
    return problem
  })
  return () => {
    client.interceptors.request.eject(outgoing)
    client.interceptors.error.eject(failed)
  }
}
