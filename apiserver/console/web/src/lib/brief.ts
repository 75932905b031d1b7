// Short forms of long things, for lists.
import { stringifyExact } from '../api/exact'
import { visible } from '../log/ansi'

// brief writes params in one line: mid=123 format=csv. It is cut after 200 characters.
export function brief(params: unknown): string {
  if (params === undefined || params === null) return ''
  const one = (value: unknown) => (typeof value === 'string' ? value : stringifyExact(value))
  const text = typeof params === 'object' && !Array.isArray(params) ? Object.entries(params).map(([name, value]) => `${name}=${one(value)}`).join('  ') : one(params)
  return visible(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}

// shortID shortens the id of a run: the first part of a UUID, or the end of a long name, which tells runs of a schedule apart.
export function shortID(id: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(id)) return id.slice(0, 8)
  return id.length > 28 ? `${id.slice(0, 12)}…${id.slice(-14)}` : id
}
