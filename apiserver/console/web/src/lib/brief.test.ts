import { expect, it } from 'vitest'
import { brief, shortID } from './brief'

it.each([
  [{ mid: 1, name: 'a b' }, 'mid=1  name=a b'], [{ list: [1, { x: null }] }, 'list=[1,{"x":null}]'], [{ big: 9007199254740993n }, 'big=9007199254740993'],
  [undefined, ''], [null, ''], [[1, 2], '[1,2]'], ['text', 'text'], [{ bidi: '\u202etxt' }, 'bidi=‹U+202E›txt'], [{ long: 'x'.repeat(300) }, `long=${'x'.repeat(195)}…`],
])('brief %#', (params, want) => expect(brief(params)).toBe(want))
it.each([
  ['f656473d-f35e-48f5-9814-595088bd21f3', 'f656473d'], ['sync-1', 'sync-1'], ['a-very-long-name-of-a-schedule-29384756', 'a-very-long-…edule-29384756'],
])('shortID %s', (id, want) => expect(shortID(id)).toBe(want))
