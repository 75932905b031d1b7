import { describe, expect, it } from 'vitest'
import type { ListedRun } from '../api/types'
import { decidable, fromQuery, isEmpty, matches, toQuery } from './filters'

const aRun = (over: Partial<ListedRun> = {}): ListedRun => ({
  executionId: 'a', taskName: 'sync', status: 'failed', phase: 'Failed', createdAt: '2026-03-04T10:00:00Z', startedAt: '2026-03-04T10:00:01Z',
  attempts: 1, trigger: { source: 'api' }, ...over,
}) as ListedRun

describe('filters in the address', () => {
  it('are read and written back', () => {
    const text = 'taskName=sync&status=failed%2Ccancelled&source=schedule&triggerName=nightly&label=team%3Dbilling&label=x&param=mid%3D1&startDate=2026-03-01&endDate=2026-03-04'
    const again = new URLSearchParams()
    for (const [name, value] of Object.entries(toQuery(fromQuery(new URLSearchParams(text))))) {
      for (const item of [value ?? []].flat()) again.append(name, item)
    }
    expect(again.toString()).toBe(text)
  })
  it('leave out what is not known', () => expect(fromQuery(new URLSearchParams('status=failed,lost&source=cat')).status).toEqual(['failed']))
  it('are empty without a query', () => expect(isEmpty(fromQuery(new URLSearchParams('at=1&status=lost')))).toBe(true))
  it('cannot be decided here with labels', () => expect(decidable(fromQuery(new URLSearchParams('label=a')))).toBe(false))
})

describe('matches', () => {
  it.each([
    ['', true], ['taskName=sync', true], ['taskName=other', false], ['status=failed,running', true], ['status=completed', false],
    ['source=api', true], ['source=manual', false], ['triggerName=nightly', false],
    ['startDate=2026-03-04', true], ['startDate=2026-03-05', false], ['endDate=2026-03-04', true], ['endDate=2026-03-03', false],
    ['endDate=2026-03-04T10:00:00Z', true], ['endDate=2026-03-04T09:59:59Z', false],
  ])('%s', (query, want) => expect(matches(aRun(), fromQuery(new URLSearchParams(query)))).toBe(want))
})
