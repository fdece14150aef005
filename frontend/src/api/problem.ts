import * as z from 'zod'
import type { InvitationPreview, Problem } from './gen/types.gen'
import { zProblem } from './gen/zod.gen'

/** What went wrong: the API refused, the network failed, or the answer breaks the contract. */
export type ProblemKind = 'problem' | 'network' | 'contract'

/**
 * Every failure that leaves the SDK is one of these, in the server's own words
 * (RFC 9457) where it answered.
 */
export class ApiError extends Error implements Problem {
  override readonly name = 'ApiError'
  readonly kind: ProblemKind
  /** 0 where there was no answer. */
  readonly status: number
  readonly type: string
  readonly title: string
  /** Stable and machine-readable, such as `slug_taken`. */
  readonly code: string
  /** A sentence for people. */
  readonly detail: string
  /** Names the request in the server's logs; empty where there was no answer. */
  readonly request_id: string
  /** What is wrong with which field of the request, by the field's name. */
  readonly fields: Readonly<Record<string, string>>
  /** The plan's limit that refused, and how much of it is used. */
  readonly limit?: number
  readonly used?: number
  /** The invitation that is over; with status 410. */
  readonly invitation?: InvitationPreview

  constructor(kind: ProblemKind, problem: Partial<Problem>, options?: ErrorOptions) {
    const title = problem.title ?? 'Something went wrong'
    super(problem.detail ?? title, options)
    this.kind = kind
    this.status = problem.status ?? 0
    this.type = problem.type ?? 'about:blank'
    this.title = title
    this.code = problem.code ?? ''
    this.detail = problem.detail ?? ''
    this.request_id = problem.request_id ?? ''
    this.fields = Object.fromEntries((problem.errors ?? []).map(({ field, message }) => [field, message]))
    this.limit = problem.limit
    this.used = problem.used
    this.invitation = problem.invitation
  }

  /** Makes one of whatever was thrown; `response` is the answer, if there was one. */
  static from(error: unknown, response?: Response): ApiError {
    if (error instanceof ApiError) return error
    if (error instanceof z.ZodError) {
      const detail = 'The server answered in a way this page does not understand. Reload it to get its newest version.'
      return new ApiError(
        'contract',
        { title: 'Unexpected answer', code: 'contract_mismatch', detail },
        { cause: error },
      )
    }
    const problem = zProblem.safeParse(error)
    if (problem.success) return new ApiError('problem', problem.data)
    if (response)
      return new ApiError(
        'problem',
        { status: response.status, request_id: response.headers.get('X-Request-Id') ?? '' },
        { cause: error },
      )
    const detail = 'The server cannot be reached. Check your connection and try again.'
    return new ApiError('network', { title: 'You appear to be offline', code: 'offline', detail }, { cause: error })
  }
}

/** Whether something failed because a limit of the plan is reached. */
export function isLimitReached(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    ['member_limit_reached', 'workspace_limit_reached', 'quota_exceeded'].includes(error.code)
  )
}
