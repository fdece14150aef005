import { defineConfig } from '@hey-api/openapi-ts'

export default defineConfig({
  input: '../docs/openapi.json',
  output: { path: './src/api/gen', postProcess: [] },
  parser: {
    patch: {
      // Our integers fit a number (at most 10^15); with their format they would become bigint.
      operations: (_method, _path, operation) => {
        for (const parameter of operation.parameters ?? []) {
          if ('schema' in parameter && parameter.schema && 'format' in parameter.schema) {
            if (parameter.schema.format === 'int64') delete parameter.schema.format
          }
        }
      },
    },
  },
  plugins: [
    { name: '@hey-api/client-fetch', throwOnError: true, runtimeConfigPath: '@/api/runtime' },
    { name: '@hey-api/typescript' },
    { name: 'zod', definitions: true, requests: true, responses: true },
    { name: '@hey-api/sdk', validator: { response: true, request: false } },
    // Mutations and pages are written by hand: see composables/.
    { name: '@tanstack/vue-query', queryOptions: true, mutationOptions: false, infiniteQueryOptions: false },
  ],
})
