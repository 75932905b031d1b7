// What the list of Tasks says about the runs of each.
import type { ListedRun } from '../api/types'

export type Summary = { last: ListedRun[]; running: number; queued: number; p50: number | undefined; p95: number | undefined; counted: number }

// shown is how many results of a Task are drawn.
export const shown = 16

// summarise groups runs, newest first, by Task. Durations are those of the runs that completed.
export function summarise(runs: Iterable<ListedRun>): Map<string, Summary> {
  const of = new Map<string, { summary: Summary; durations: number[] }>()
  for (const run of runs) {
    let entry = of.get(run.taskName)
    if (!entry) of.set(run.taskName, (entry = { summary: { last: [], running: 0, queued: 0, p50: undefined, p95: undefined, counted: 0 }, durations: [] }))
    if (run.status === 'running') {
      if (run.phase === 'Running') entry.summary.running++
      else entry.summary.queued++
    } else if (entry.summary.last.length < shown) entry.summary.last.push(run)
    if (run.status === 'completed' && run.duration !== undefined) entry.durations.push(run.duration)
  }
  const result = new Map<string, Summary>()
  for (const [name, { summary, durations }] of of) {
    durations.sort((a, b) => a - b)
    result.set(name, { ...summary, p50: percentile(durations, 50), p95: percentile(durations, 95), counted: durations.length })
  }
  return result
}

// percentile returns the value of a sorted list that p of 100 values do not exceed (nearest rank).
export function percentile(sorted: number[], p: number): number | undefined {
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)]
}
