// A range of lines of a log, and its text.
import { stringifyExact } from '../api/exact'
import { parseAnsi, visible } from './ansi'
import type { Row } from './window'

// Range is from one line to another, by their ids. Either may be the upper one.
export type Range = { anchor: number; head: number }

// contains reports whether a line is in a range. Ids grow from the beginning of a log to its end.
export function contains(range: Range | undefined, id: number): boolean {
  return range !== undefined && id >= Math.min(range.anchor, range.head) && id <= Math.max(range.anchor, range.head)
}

// rowsIn returns the lines of a range that are held.
export function rowsIn(range: Range | undefined, rows: Row[]): Row[] {
  return rows.filter(({ id }) => contains(range, id))
}

// plainText writes lines as text: time, level, container, message and data. Colours are left out, and characters that cannot
// be seen are written by their code, as on the page.
export function plainText(rows: Row[]): string {
  return rows.map(({ entry, gap }) => {
    const message = parseAnsi(entry.message).map((piece) => piece.text).join('')
    const data = entry.data !== undefined && entry.data !== null && Object.keys(entry.data as object).length > 0 ? visible(stringifyExact(entry.data)) : ''
    return (gap ? '…\n' : '') + [entry.timestamp, entry.level.toUpperCase().padEnd(5), entry.container, message, data].filter(Boolean).join(' ') + '\n'
  }).join('')
}
