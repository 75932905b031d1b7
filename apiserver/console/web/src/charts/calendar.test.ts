import { expect, it } from 'vitest'
import { cellsOf } from './calendar'

it('cellsOf', () => {
  const day = (start: string, completed: number, failed: number) => ({ start, completed, failed, cancelled: 0 })
  // 2026-03-05 is a Thursday.
  const cells = cellsOf([day('2026-03-05T00:00:00Z', 3, 1), day('2026-03-06T00:00:00Z', 0, 0), day('2026-03-07T00:00:00Z', 0, 2), day('2026-03-08T00:00:00Z', 1, 0), day('2026-03-09T00:00:00Z', 1, 0)])
  expect(cells.map(({ column, row, share }) => [column, row, share])).toEqual([[0, 3, 0.25], [0, 4, -1], [0, 5, 1], [0, 6, 0], [1, 0, 0]])
  expect(cellsOf([])).toEqual([])
})
