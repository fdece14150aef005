/// <reference types="vite/client" />
import 'vue-router'

declare module 'vue-router' {
  interface RouteMeta {
    /** What the page is called, in its title and in the breadcrumb. */
    title?: string
    /** Whether it is for everybody, signed in or not. */
    public?: boolean
    /** Whether only those who are not signed in have a use for it. */
    guest?: boolean
  }
}
