import { describe, expect, it } from 'vitest'
import { contains, plainText, rowsIn } from './range'
import type { Row } from './window'

const row = (id: number, message = `line ${id}`, more: Partial<Row['entry']> = {}, gap = false) =>
  ({ id, gap, entry: { timestamp: `2026-01-01T00:00:0${id}Z`, level: 'info', message, container: 'main', ...more } }) as Row

describe('contains', () => {
  it.each([
    [{ anchor: 2, head: 4 }, [2, 3, 4]], [{ anchor: 4, head: 2 }, [2, 3, 4]], [{ anchor: 3, head: 3 }, [3]], [undefined, []],
  ])('%j', (range, want) => expect([1, 2, 3, 4, 5].filter((id) => contains(range, id))).toEqual(want))
})

describe('rowsIn', () => {
  it('has all lines that are held, whether they are drawn or not', () => {
    const rows = Array.from({ length: 6000 }, (_, i) => row(i))
    expect(rowsIn({ anchor: 5999, head: 10 }, rows).length).toBe(5990)
    expect(rowsIn({ anchor: -50, head: 1 }, rows).map(({ id }) => id)).toEqual([0, 1])
  })
})

describe('plainText', () => {
  it('has a line each, without colours', () =>
    expect(plainText([row(1), row(2, '\u001b[31mred\u001b[0m', { level: 'error' })])).toBe('2026-01-01T00:00:01Z INFO  main line 1\n2026-01-01T00:00:02Z ERROR main red\n'))
  it('has the data', () => expect(plainText([row(1, 'm', { data: { a: 1, b: 9007199254740993n } })])).toBe('2026-01-01T00:00:01Z INFO  main m {"a":1,"b":9007199254740993}\n'))
  it('says where lines are missing', () => expect(plainText([row(1, 'm', {}, true)])).toMatch(/^…\n2026/))
  it('stays one line, and hides nothing', () => {
    const text = plainText([row(1, 'a\rb\u202ec', { data: { x: 'y\nz\u2066' } })])
    expect(text.trim().split('\n').length).toBe(1)
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\r\u202e\u2066]/)
  })
})
