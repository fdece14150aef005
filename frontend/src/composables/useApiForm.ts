import { useForm } from '@tanstack/vue-form'
import { ref } from 'vue'
import type { ZodType } from 'zod'
import { ApiError } from '@/api/problem'

interface ApiFormOptions<Input> {
  /** What can be said about the input before it is sent. */
  schema: ZodType<Input, Input>
  defaultValues: Input
  /** Sends valid input. */
  send: (input: Input) => Promise<unknown>
  /** What `send` failed with, where the form itself has something better to do about it; true if it has. */
  onRefused?: (error: ApiError) => boolean
}

/**
 * A form whose input a Zod schema describes. Errors stand beside their field,
 * whether the schema or the server finds them; what belongs to no field of the
 * form ends up in `failure`. Nothing is validated before the first submit, and
 * everything at each change after it.
 */
export function useApiForm<Input extends Record<string, unknown>>(options: ApiFormOptions<Input>) {
  const failure = ref<ApiError>()
  const form = useForm({
    defaultValues: options.defaultValues,
    validators: {
      onSubmit: options.schema,
      onSubmitAsync: async ({ value }: { value: Input }) => {
        failure.value = undefined
        try {
          await options.send(value)
          return undefined
        } catch (thrown) {
          const error = ApiError.from(thrown)
          const fields = Object.fromEntries(Object.entries(error.fields).filter(([field]) => field in value))
          if (Object.keys(fields).length > 0) return { fields }
          if (options.onRefused?.(error) !== true) failure.value = error
          return { form: error.message, fields: {} }
        }
      },
    },
  })
  const submitting = form.useStore((state) => state.isSubmitting)
  return { form, submitting, failure }
}

/** What a validator found, in words: a schema's issue or a sentence of the server's. */
export function fieldMessage(error: unknown): string {
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return ''
}
