import '@tanstack/vue-query'
import type { ApiError } from './problem'

declare module '@tanstack/vue-query' {
  interface Register {
    defaultError: ApiError
  }
}
