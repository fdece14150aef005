// Makes src/api/gen from ../docs/openapi.json. With --check nothing there is
// written: it ends with 1 if what is there is not what would be made.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'src/api/gen')

/** The generator's own runtime says `any`, or needs it, in these places and nowhere else. */
const replacements = [
  ['client/client.gen.ts', '  body?: any;', '  body?: BodyInit | null;'],
  [
    'client/client.gen.ts',
    'body: getValidRequestBody(opts),',
    'body: getValidRequestBody(opts) as BodyInit | null | undefined,',
  ],
  [
    'client/client.gen.ts',
    "const request: Client['request'] = async (options) => {",
    "const request = (async (options: Parameters<Client['request']>[0]) => {",
  ],
  ['client/client.gen.ts', '  };\n\n  const makeMethodFn', "  }) as Client['request'];\n\n  const makeMethodFn"],
  [
    'client/client.gen.ts',
    'fn(error, undefined as any, request, opts)',
    'fn(error, undefined as unknown as Response, request, opts)',
  ],
  ['client/client.gen.ts', 'response: undefined as any,', 'response: undefined as unknown as Response,'],
  ['client/client.gen.ts', 'let emptyData: any;', 'let emptyData: unknown;'],
  ['client/client.gen.ts', 'let data: any;', 'let data: unknown;'],
  [
    'client/client.gen.ts',
    'TODO: we probably want to return error and improve types',
    'The caller has asked for errors, not for them to be thrown.',
  ],
  ['core/serverSentEvents.gen.ts', 'yield data as any;', 'yield data as never;'],
]

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

function generate(folder) {
  execFileSync('npx', ['openapi-ts', '--output', folder, '--silent', '--no-log-file'], { cwd: root, stdio: 'inherit' })
  for (const [file, from, to] of replacements) {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    if (!text.includes(from)) throw new Error(`${file} no longer says ${from}: look at it anew`)
    writeFileSync(path, text.replace(from, to))
  }
  for (const file of files(folder)) {
    const code = readFileSync(join(folder, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    const left = /\b(as|:|<)\s*any\b|@ts-ignore/.exec(code)
    if (left) throw new Error(`${file} says ${left[0]}`)
  }
}

const check = process.argv.includes('--check')
const made = mkdtempSync(join(root, '.gen-'))
try {
  generate(made)
  if (check) {
    const stale = [...new Set([...files(made), ...files(target)])].filter((file) => {
      try {
        return readFileSync(join(made, file), 'utf8') !== readFileSync(join(target, file), 'utf8')
      } catch {
        return true
      }
    })
    if (stale.length > 0) {
      console.error(`Out of date in src/api/gen: ${stale.join(', ')}`)
      process.exitCode = 1
    }
  } else {
    rmSync(target, { recursive: true, force: true })
    renameSync(made, target)
  }
} finally {
  rmSync(made, { recursive: true, force: true })
}
