import { describe, expect, it } from 'vitest'
import type { Run } from '../api/types'
import { barsOf, place } from './timeline'

const at = (second: number) => new Date(Date.UTC(2026, 2, 4, 10, 0, second)).toISOString()
const now = Date.parse(at(60))
const run = (over: Partial<Run>): Run => ({ executionId: 'a', taskName: 't', status: 'completed', phase: 'Completed', createdAt: at(0), startedAt: at(0), attempts: 0, logs: [], trigger: { source: 'api' }, ...over }) as Run

describe('barsOf', () => {
  it('waits until now', () => expect(barsOf(run({ status: 'running', phase: 'Queued' }), now).map((b) => [b.kind, b.to - b.from])).toEqual([['waiting', 60_000]]))
  it('waits until it was cancelled', () => expect(barsOf(run({ status: 'cancelled', phase: 'Cancelled', finishedAt: at(9) }), now).map((b) => b.to - b.from)).toEqual([9000]))
  it('has attempts', () => {
    const bars = barsOf(run({
      status: 'failed', phase: 'Failed', startedAt: at(10), finishedAt: at(30), attempts: 2, duration: 20_000,
      pods: [{ name: 'p1', startedAt: at(10), finishedAt: at(15), phase: 'Failed', exitCode: 3 }, { name: 'p2', startedAt: at(20), finishedAt: at(30), phase: 'Failed', reason: 'OOMKilled', node: 'n' }] as Run['pods'],
    }), now)
    expect(bars.map((b) => [b.kind, b.look, (b.to - b.from) / 1000, b.detail])).toEqual([
      ['waiting', 'queued', 10, ''], ['running', 'failed', 20, ''], ['pod', 'failed', 5, 'exit 3'], ['pod', 'failed', 10, 'OOMKilled · n']])
    expect(Object.values(place(bars[2]!, bars)).map(Math.round)).toEqual([33, 17])
  })
  it('has runs whose pods are not known any more', () => expect(barsOf(run({ startedAt: at(2), finishedAt: at(5), attempts: 1, duration: 3000 }), now).map((b) => (b.to - b.from) / 1000)).toEqual([2, 3]))
})
