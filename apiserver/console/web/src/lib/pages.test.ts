import { describe, expect, it } from 'vitest'
import type { ListedRun } from '../api/types'
import { full, older, RunPages } from './pages'

// run n was created at second n; a higher number is newer.
const run = (n: number, more: Partial<ListedRun> = {}) =>
  ({ executionId: `run-${String(n).padStart(6, '0')}`, createdAt: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString(), ...more }) as ListedRun
const runs = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => run(from - i))
const numbers = (pages: RunPages) => Array.from({ length: pages.count }, (_, row) => Number(pages.at(row)?.executionId.slice(4)))

// three is a list of pages 90-81, 80-71 and 70-61, with more behind.
const three = () => new RunPages().append(runs(90, 81), 'c1').append(runs(80, 71), 'c2').append(runs(70, 61), 'c3')

describe('older', () => {
  it('orders by time, then by id, as the facade does', () => {
    expect(older(run(1), run(2))).toBe(true)
    expect(older({ createdAt: 't', executionId: 'b' }, { createdAt: 't', executionId: 'a' })).toBe(true)
    expect(older(run(2), run(2))).toBe(false)
  })
})

describe('RunPages', () => {
  it('has the runs of all pages in order', () => {
    expect(numbers(three())).toEqual(runs(90, 61).map((r) => Number(r.executionId.slice(4))))
    expect(three().pages.map(({ cursor }) => cursor)).toEqual([undefined, 'c1', 'c2'])
    expect([three().next, three().append(runs(60, 58), undefined).next]).toEqual(['c3', undefined])
  })

  it.each<[number, number, [number, number]]>([
    [0, 9, [0, 1]], [0, 10, [0, 2]], [9, 9, [0, 1]], [10, 29, [1, 3]], [29, 40, [2, 3]], [50, 60, [2, 3]],
  ])('rows %i to %i are in pages', (first, last, want) => expect(three().within(first, last)).toEqual(want))

  it('keeps the runs near the view only, however long the list', () => {
    let pages = new RunPages()
    for (let i = 0; i < 50; i++) {
      pages = pages.append(runs(20_000 - i * 200, 19_801 - i * 200), `c${i + 1}`)
      pages = pages.drop(pages.count - 20, pages.count - 1)
      expect(pages.pages.filter((page) => page.runs).length).toBeLessThanOrEqual(2)
    }
    expect(pages.count).toBe(10_000)
    expect(pages.at(0)).toBeUndefined()
    expect(pages.missing(9_900, 9_920)).toBeUndefined()
    expect(pages.missing(300, 420)).toBe(1)
    expect(pages.pages[1]?.cursor).toBe('c1')
  })

  it('refills a page that was dropped, cut at its end', () => {
    const dropped = three().drop(25, 29)
    expect(dropped.pages[0]?.runs).toBeUndefined()
    expect(dropped.refill(0, runs(90, 81), true)?.at(9)?.executionId).toBe('run-000081')
    // Newer runs came meanwhile: the first page is longer.
    expect(dropped.refill(0, runs(100, 91), true)).toBeUndefined()
    const longer = dropped.refill(0, runs(100, 75), true)
    expect(longer?.pages[0]?.count).toBe(20)
    expect(longer?.count).toBe(40)
    // Runs were deleted meanwhile: it is shorter.
    expect(dropped.refill(0, [run(90)], false)?.count).toBe(21)
  })

  it('puts a run where it belongs', () => {
    const pages = three()
    expect(numbers(pages.take(run(91), true)).slice(0, 3)).toEqual([91, 90, 89])
    const holed = pages.take(run(75), false)
    expect(holed.count).toBe(29)
    expect(holed.pages.map(({ count }) => count)).toEqual([10, 9, 10])
    expect(numbers(holed.take(run(75), true))).toEqual(numbers(pages))
    expect(pages.take(run(5), true)).toBe(pages) // not read yet
    expect(pages.append([], undefined).take(run(5), true).count).toBe(31)
    expect(pages.take(run(500), false)).toBe(pages)
  })

  it('changes a run, and keeps what the viewer may do with it', () => {
    const pages = new RunPages().append([run(2, { may: ['cancel'], status: 'running' }), run(1)], undefined)
    const changed = pages.take(run(2, { status: 'completed' }), true)
    expect(changed.at(0)).toMatchObject({ status: 'completed', may: ['cancel'] })
    expect(changed.count).toBe(2)
  })

  it('does not let the first page grow for ever', () => {
    let pages = three()
    for (let n = 91; n < 91 + 2 * full; n++) pages = pages.take(run(n), true)
    expect(pages.pages[0]?.count).toBe(full)
    expect(pages.behind).toBe(true)
    const away = three().drop(25, 29).take(run(91), true)
    expect([away.behind, away.count]).toEqual([true, 30])
    expect(away.refill(0, runs(91, 81), true)?.behind).toBe(false)
  })

  it('removes what was deleted, and finds what is shown', () => {
    const pages = three().remove('run-000080')
    expect([pages.count, pages.has('run-000080'), pages.has('run-000079')]).toEqual([29, false, true])
    expect([pages.before('run-000079'), pages.before('run-000001')]).toEqual([10, undefined])
  })
})
