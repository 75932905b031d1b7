import { describe, expect, it } from 'vitest'
import { LogWindow, most, type Page } from './window'

const page = (from: number, count: number, start: string | undefined, gap = false): Page => ({
  entries: Array.from({ length: count }, (_, i) => ({ timestamp: '2026-01-01T00:00:00Z', level: 'info', message: `line ${from + i}` })) as Page['entries'],
  start, end: `after ${from + count - 1}`, gap,
})
const lines = (window: LogWindow) => window.rows.map((row) => Number(row.entry.message.slice(5)))

describe('LogWindow', () => {
  it('grows at both ends, in order, with ids that stay', () => {
    const window = new LogWindow()
    window.reset(page(10, 3, 'before 10'))
    const ids = window.rows.map((row) => row.id)
    window.prepend(page(7, 3, 'before 7'))
    window.append(page(13, 2, 'after 12'))
    expect(lines(window)).toEqual([7, 8, 9, 10, 11, 12, 13, 14])
    expect(window.rows.slice(3, 6).map((row) => row.id)).toEqual(ids)
    expect(new Set(window.rows.map((row) => row.id)).size).toBe(8)
    expect([window.start, window.end, window.atBeginning]).toEqual(['before 7', 'after 14', false])
    window.prepend(page(1, 6, undefined))
    expect(window.atBeginning).toBe(true)
  })

  it('holds a bounded number of rows, and knows where to go on', () => {
    const window = new LogWindow()
    const size = most / 4
    window.reset(page(1_000_000, size, 'before 1000000'))
    for (let i = 1; i <= 10; i++) window.prepend(page(1_000_000 - i * size, size, `before ${1_000_000 - i * size}`))
    expect(window.rows.length).toBe(most)
    expect(window.end).toBe(`after ${1_000_000 - 6 * size - 1}`)
    let dropped = 0
    for (let i = 0; i < 5; i++) {
      const from = 1_000_000 - (6 - i) * size
      dropped += window.append(page(from, size, `before ${from}`))
    }
    expect([window.rows.length, dropped]).toEqual([most, 5 * size])
    expect(lines(window)).toEqual([...lines(window)].sort((a, b) => a - b))
  })

  it('marks a gap at the first line of its page only', () => {
    const window = new LogWindow()
    window.reset(page(1, 2, undefined))
    window.append(page(9, 2, 'after 2', true))
    expect(window.rows.map((row) => row.gap)).toEqual([false, false, true, false])
  })

  it('says where a row is', () => {
    const window = new LogWindow()
    window.reset(page(5, 3, 'before 5'))
    window.append(page(8, 3, 'after 7'))
    expect(window.place(window.rows[4]!.id)).toEqual({ start: 'after 7', index: 1 })
    expect(window.place(99)).toBeUndefined()
  })
})
