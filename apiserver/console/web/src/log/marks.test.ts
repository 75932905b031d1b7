import { describe, expect, it } from 'vitest'
import { expressionFor, marked } from './marks'

const text = (pieces: { text: string; mark: boolean }[]) => pieces.map((piece) => (piece.mark ? `[${piece.text}]` : piece.text)).join('|')
const piece = (t: string, classes = '') => ({ text: t, classes })

describe('marked', () => {
  it.each<[string, ReturnType<typeof piece>[], RegExp | undefined, string]>([
    ['nothing', [piece('abc')], undefined, 'abc'],
    ['no match', [piece('abc')], /x/g, 'abc'],
    ['inside', [piece('abcabc')], /b/g, 'a|[b]|ca|[b]|c'],
    ['all', [piece('abc')], /.+/g, '[abc]'],
    ['over two pieces', [piece('ab', 'fg-1'), piece('cd')], /bc/g, 'a|[b]|[c]|d'],
    ['an empty match', [piece('abc')], /x*/g, 'abc'],
  ])('%s', (_, pieces, expression, want) => expect(text(marked(pieces, expression))).toBe(want))
  it('keeps the style', () => expect(marked([piece('ab', 'fg-1')], /b/g)[1]).toEqual({ text: 'b', classes: 'fg-1', mark: true }))
})

describe('expressionFor', () => {
  it('takes text as it is', () => expect('a.b a+b'.match(expressionFor('a.b', false, false)!)).toEqual(['a.b']))
  it('ignores case', () => expect('Error'.match(expressionFor('ERROR', false, true)!)).toEqual(['Error']))
  it.each(['', '('])('is nothing for %j', (query) => expect(expressionFor(query, true, false)).toBeUndefined())
})
