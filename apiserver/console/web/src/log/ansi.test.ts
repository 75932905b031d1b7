import { describe, expect, it } from 'vitest'
import { parseAnsi, visible } from './ansi'

const esc = '\u001b'
const text = (line: string) => parseAnsi(line).map((piece) => piece.text).join('')

describe('parseAnsi', () => {
  it.each<[string, string, { text: string; classes: string }[]]>([
    ['plain text', 'hello', [{ text: 'hello', classes: '' }]],
    ['nothing', '', []],
    ['a colour', `a${esc}[31mred${esc}[0m b`, [{ text: 'a', classes: '' }, { text: 'red', classes: 'fg-1' }, { text: ' b', classes: '' }]],
    ['bold and bright', `${esc}[1;92mok`, [{ text: 'ok', classes: 'fg-10 bold' }]],
    ['an empty reset', `${esc}[31ma${esc}[mb`, [{ text: 'a', classes: 'fg-1' }, { text: 'b', classes: '' }]],
    ['one of 256', `${esc}[38;5;196mx`, [{ text: 'x', classes: 'fg-9' }]],
    ['24 bits', `${esc}[48;2;0;0;255mx`, [{ text: 'x', classes: 'bg-12' }]],
    ['24 bits with colons', `${esc}[38:2:255:0:0mx`, [{ text: 'x', classes: 'fg-9' }]],
    ['inverse', `${esc}[31;7mx`, [{ text: 'x', classes: 'bg-1' }]],
    ['inverse of nothing', `${esc}[7mx`, [{ text: 'x', classes: 'inverse' }]],
    ['the same style twice', `${esc}[31ma${esc}[31mb`, [{ text: 'ab', classes: 'fg-1' }]],
  ])('%s', (_, line, want) => expect(parseAnsi(line)).toEqual(want))

  it.each<[string, string, string]>([
    ['a cursor that moves', `safe${esc}[2K${esc}[1Gevil`, 'safeevil'],
    ['a link', `${esc}]8;;http://x/${esc}\\here${esc}]8;;${esc}\\`, 'here'],
    ['a title', `${esc}]0;title\u0007text`, 'text'],
    ['a title without an end', `a${esc}]0;title`, 'a'],
    ['a lone escape', `a${esc}`, 'a'],
    ['C1 CSI', 'a\u009b31mb', 'ab'],
    ['markup', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ])('removes what is not a style: %s', (_, line, want) => expect(text(line)).toBe(want))

  it('never throws and never leaves a control character', () => {
    let seed = 7
    const next = (n: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n
    const alphabet = [esc, '[', ']', '3', '8', ';', ':', 'm', '2', '5', '\u009b', '\u0007', '\\', 'x', '\u202e', '\0', '?', ' ']
    for (let i = 0; i < 20_000; i++) {
      const line = Array.from({ length: next(14) }, () => alphabet[next(alphabet.length)]).join('')
      // eslint-disable-next-line no-control-regex
      expect(text(line), JSON.stringify(line)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    }
  })
})

describe('visible', () => {
  it('shows what changes the direction', () => expect(visible('a\u202eb\u2066c')).toBe('a‹U+202E›b‹U+2066›c'))
  it('keeps tabs, Chinese and emoji', () => expect(visible('a\t张三 👍')).toBe('a\t张三 👍'))
})
