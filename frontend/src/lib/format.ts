const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const units = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const satisfies readonly (readonly [Intl.RelativeTimeFormatUnit, number])[]

/** How far a time is from now, in the largest unit that fits: "3 days ago", "in 2 hours", "just now". */
export function relativeTime(iso: string, now: Date = new Date()): string {
  const seconds = (new Date(iso).getTime() - now.getTime()) / 1000
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return 'just now'
}

const dateTime = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' })
const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

/** A point in time to the minute, where the reader is. */
export function absoluteTime(iso: string): string {
  return dateTime.format(new Date(iso))
}

/** A day, where the reader is: "Nov 25, 2026". */
export function day(iso: string): string {
  return date.format(new Date(iso))
}

const number = new Intl.NumberFormat('en')

export function count(value: number): string {
  return number.format(value)
}

/** "1 member", "3 members". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes in the largest binary unit that leaves at least 1, with one decimal where it says more. */
export function bytes(value: number): string {
  let size = value
  let unit = 0
  while (size >= 1024 && unit < BYTES.length - 1) {
    size /= 1024
    unit++
  }
  return `${number.format(Math.round(size * 10) / 10)} ${BYTES[unit] ?? ''}`
}

/** Seconds of compute as hours or minutes: "1.5 h", "12 min". */
export function computeTime(seconds: number): string {
  if (seconds >= 3600) return `${number.format(Math.round(seconds / 360) / 10)} h`
  if (seconds >= 60) return `${number.format(Math.round(seconds / 60))} min`
  return `${number.format(seconds)} s`
}

/** Money in minor units as people write it: 1900, "usd" is "$19", 1950 is "$19.50". */
export function money(amount: number, currency: string): string {
  const whole = amount % 100 === 0
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    minimumFractionDigits: whole ? 0 : 2,
  }).format(amount / 100)
}

/** The letters that stand for a name where it has no picture: "AO" for "Amara Okafor". */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const first = words[0] ?? ''
  const last = words.length > 1 ? (words.at(-1) ?? '') : ''
  return [first, last]
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase()
}

/** A hue for a name, always the same: people are told apart without pictures. */
export function hueOf(name: string): number {
  let hue = 0
  for (const letter of name) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360
  return hue
}
