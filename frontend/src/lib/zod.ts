// Imported before anything that makes schemas: Zod would otherwise try to
// compile them with `new Function`, which the security policy forbids.
import { config } from 'zod'

config({ jitless: true })
