// Times, durations and sizes for people.

export type Language = 'en' | 'zh'
const locale = (language: Language) => (language === 'zh' ? 'zh-CN' : 'en-GB')

// formatDuration writes milliseconds with at most two units: 850 ms, 4.2 s, 3 m 05 s, 2 h 10 m, 3 d 4 h.
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–'
  if (ms < 0) ms = 0
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const pad = (n: number) => String(n).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`
  const hours = Math.round(seconds / 3600)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

// formatTime writes a time in the zone of the viewer: the day is left out today.
export function formatTime(at: string | undefined, language: Language, now = new Date()): string {
  if (!at) return '–'
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return at
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString(locale(language), clock)
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' }
  if (date.getFullYear() !== now.getFullYear()) day.year = 'numeric'
  return date.toLocaleString(locale(language), { ...day, ...clock })
}

// formatFull writes a time with day and zone.
export function formatFull(at: string | undefined, language: Language): string {
  if (!at) return ''
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? at : date.toLocaleString(locale(language), { dateStyle: 'medium', timeStyle: 'long' })
}

// formatAgo writes how long ago a time was, or how far ahead it is, in one unit.
export function formatAgo(at: string | undefined, language: Language, now = Date.now()): string {
  const then = at ? Date.parse(at) : NaN
  if (Number.isNaN(then)) return '–'
  const seconds = (then - now) / 1000
  const size = Math.abs(seconds)
  const words = new Intl.RelativeTimeFormat(locale(language), { numeric: 'auto', style: 'short' })
  if (size < 60) return words.format(Math.round(seconds), 'second')
  if (size < 3600) return words.format(Math.round(seconds / 60), 'minute')
  if (size < 86400) return words.format(Math.round(seconds / 3600), 'hour')
  return words.format(Math.round(seconds / 86400), 'day')
}

// formatBytes writes a number of bytes in binary units.
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024
    unit++
  }
  return `${unit === 0 ? bytes : bytes.toFixed(bytes < 10 ? 1 : 0)} ${units[unit]}`
}

// zoneName is the time zone of the viewer, such as Europe/Berlin (UTC+1).
export function zoneName(language: Language): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const offset = new Intl.DateTimeFormat(locale(language), { timeZoneName: 'shortOffset' }).formatToParts().find((p) => p.type === 'timeZoneName')?.value
  return offset && offset !== timeZone ? `${timeZone} (${offset.replace('GMT', 'UTC')})` : timeZone
}

// parseDuration reads what a person types, such as 90s, 5m, 1h30m or 250ms, and returns milliseconds. NaN is not a duration.
export function parseDuration(text: string): number {
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  const compact = text.replaceAll(' ', '').toLowerCase()
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(compact)) return NaN
  let sum = 0
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) sum += Number(amount) * (units[unit ?? ''] ?? NaN)
  return sum
}
