import { expect, it } from 'vitest'
import type { ListedRun } from '../api/types'
import { percentile, shown, summarise } from './summary'

const run = (taskName: string, status: string, phase: string, duration?: number) => ({ executionId: `${taskName}${Math.random()}`, taskName, status, phase, duration }) as ListedRun

it('summarise', () => {
  const many = Array.from({ length: 100 }, (_, i) => run('sync', 'completed', 'Completed', i + 1))
  const got = summarise([run('sync', 'running', 'Running'), run('sync', 'running', 'Queued'), run('sync', 'running', 'Pending'), run('sync', 'failed', 'Failed', 9999), ...many, run('other', 'cancelled', 'Cancelled')])
  expect(got.get('sync')).toMatchObject({ running: 1, queued: 2, p50: 50, p95: 95, counted: 100 })
  expect(got.get('sync')!.last).toHaveLength(shown)
  expect(got.get('sync')!.last[0]!.status).toBe('failed')
  expect(got.get('other')).toMatchObject({ running: 0, p50: undefined })
})
it('percentile', () => expect([percentile([], 95), percentile([7], 50), percentile([1, 2, 3, 4], 50)]).toEqual([undefined, 7, 2]))
