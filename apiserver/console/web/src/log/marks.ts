// Marks what was searched for in the pieces of a line.
import type { Piece } from './ansi'

export type Marked = Piece & { mark: boolean }

// marked splits pieces at the matches of an expression, which must be global. A match may begin in one piece and end in
// another.
export function marked(pieces: Piece[], expression: RegExp | undefined): Marked[] {
  if (!expression) return pieces.map((piece) => ({ ...piece, mark: false }))
  const whole = pieces.map((piece) => piece.text).join('')
  const ranges: [number, number][] = []
  for (const match of whole.matchAll(expression)) {
    if (match[0]) ranges.push([match.index, match.index + match[0].length])
    if (ranges.length >= 100) break
  }
  if (ranges.length === 0) return pieces.map((piece) => ({ ...piece, mark: false }))
  const result: Marked[] = []
  let offset = 0
  for (const piece of pieces) {
    const end = offset + piece.text.length
    let at = offset
    for (const [from, to] of ranges) {
      if (to <= at || from >= end) continue
      const start = Math.max(from, at)
      const stop = Math.min(to, end)
      if (start > at) result.push({ ...piece, text: whole.slice(at, start), mark: false })
      result.push({ ...piece, text: whole.slice(start, stop), mark: true })
      at = stop
    }
    if (at < end) result.push({ ...piece, text: whole.slice(at, end), mark: false })
    offset = end
  }
  return result
}

// expressionFor returns the expression that marks a search, undefined if there is none or if the browser does not know it
// (RE2, in which the facade searches, has words that JavaScript lacks).
export function expressionFor(text: string, regex: boolean, ignoreCase: boolean): RegExp | undefined {
  if (!text) return undefined
  try {
    return new RegExp(regex ? text : text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), ignoreCase ? 'giu' : 'gu')
  } catch {
    return undefined
  }
}
