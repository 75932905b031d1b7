// ANSI escape sequences in a line of a log. Colours and weights become classes; all other sequences are removed, and
// characters that would move or hide text are shown by their code. A line can so neither hide a part of itself nor look
// like another.

// Piece is text with the classes of one style, such as "ansi-1 bold".
export type Piece = { text: string; classes: string }

type Style = { fg: number; bg: number; bold: boolean; dim: boolean; italic: boolean; underline: boolean; inverse: boolean }
const plain: Style = { fg: -1, bg: -1, bold: false, dim: false, italic: false, underline: false, inverse: false }

// An escape sequence: CSI (with its parameters and final byte), OSC and other strings up to their end, or two characters.
const sequence =
  // eslint-disable-next-line no-control-regex
  /\u001b\[([0-9;:?<=>]*)[ -/]*([@-~])|\u009b([0-9;:?<=>]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b[ -/]*[0-~]?/g

// Controls without a picture, and characters that change the direction or the order of text.
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

// visible shows characters that cannot be seen by their code.
export function visible(text: string): string {
  return text.replace(unseen, (character) => `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`)
}

// parseAnsi splits a line into pieces of one style.
export function parseAnsi(line: string): Piece[] {
  if (!line.includes('\u001b') && !line.includes('\u009b')) return line ? [{ text: visible(line), classes: '' }] : []
  const pieces: Piece[] = []
  let style = plain
  let from = 0
  const push = (text: string) => {
    if (!text) return
    const classes = classesOf(style)
    const last = pieces.at(-1)
    if (last && last.classes === classes) last.text += visible(text)
    else pieces.push({ text: visible(text), classes })
  }
  for (const match of line.matchAll(sequence)) {
    push(line.slice(from, match.index))
    from = match.index + match[0].length
    if ((match[2] ?? match[4]) === 'm') style = styled(style, match[1] ?? match[3] ?? '')
  }
  push(line.slice(from))
  return pieces
}

function classesOf(s: Style): string {
  const [fg, bg] = s.inverse ? [s.bg, s.fg] : [s.fg, s.bg]
  const names: string[] = []
  if (fg >= 0) names.push(`fg-${fg}`)
  if (bg >= 0) names.push(`bg-${bg}`)
  if (s.inverse && fg < 0 && bg < 0) names.push('inverse')
  for (const name of ['bold', 'dim', 'italic', 'underline'] as const) if (s[name]) names.push(name)
  return names.join(' ')
}

// styled applies one SGR sequence (ECMA-48, 8.3.117). Colours of the 256 and of 24 bits become the nearest of the 16, so
// that they can be read on every background.
function styled(before: Style, parameters: string): Style {
  const s = { ...before }
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)))
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    if (code === 0) Object.assign(s, plain)
    else if (code === 1) s.bold = true
    else if (code === 2) s.dim = true
    else if (code === 3) s.italic = true
    else if (code === 4) s.underline = true
    else if (code === 7) s.inverse = true
    else if (code === 22) s.bold = s.dim = false
    else if (code === 23) s.italic = false
    else if (code === 24) s.underline = false
    else if (code === 27) s.inverse = false
    else if (code >= 30 && code <= 37) s.fg = code - 30
    else if (code >= 90 && code <= 97) s.fg = code - 90 + 8
    else if (code >= 40 && code <= 47) s.bg = code - 40
    else if (code >= 100 && code <= 107) s.bg = code - 100 + 8
    else if (code === 39) s.fg = -1
    else if (code === 49) s.bg = -1
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(i + 1))
      if (code === 38) s.fg = colour
      else s.bg = colour
      i += used
    }
  }
  return s
}

// extended reads a colour of 256 (5;n) or of 24 bits (2;r;g;b), and says how many codes it took.
function extended(codes: number[]): [colour: number, used: number] {
  if (codes[0] === 5) {
    const n = codes[1] ?? 0
    if (n < 16) return [n, 2]
    if (n >= 232) return [nearest((n - 232) * 10 + 8, (n - 232) * 10 + 8, (n - 232) * 10 + 8), 2]
    const level = (v: number) => (v === 0 ? 0 : 55 + v * 40)
    const c = n - 16
    return [nearest(level(Math.floor(c / 36)), level(Math.floor(c / 6) % 6), level(c % 6)), 2]
  }
  if (codes[0] === 2) return [nearest(codes[1] ?? 0, codes[2] ?? 0, codes[3] ?? 0), 4]
  return [-1, 1]
}

// nearest returns the colour of the 16 for red, green and blue of 0 to 255.
function nearest(r: number, g: number, b: number): number {
  const most = Math.max(r, g, b)
  if (most < 50) return 0
  if (most - Math.min(r, g, b) < 40) return most > 200 ? 15 : most > 110 ? 7 : 8
  const half = most / 2
  return (r > half ? 1 : 0) + (g > half ? 2 : 0) + (b > half ? 4 : 0) + (most > 200 ? 8 : 0)
}
