// The timeline of a run: how long it waited and ran, and its pods.
import type { Run } from '../api/types'

export type Bar = { kind: 'waiting' | 'starting' | 'running' | 'pod'; label: string; from: number; to: number; look: 'completed' | 'failed' | 'cancelled' | 'running' | 'queued'; detail: string }

// barsOf returns the bars of a run, in milliseconds since the epoch. What has not ended goes on until now.
export function barsOf(run: Run, now: number): Bar[] {
  const created = Date.parse(run.createdAt)
  const over = run.finishedAt ? Date.parse(run.finishedAt) : now
  const pods = (run.pods ?? []).filter((pod) => pod.startedAt)
  const firstStart = pods.length ? Math.min(...pods.map((pod) => Date.parse(pod.startedAt!))) : Date.parse(run.startedAt)
  const hasStarted = run.attempts > 0 && (pods.length > 0 || firstStart > created || run.duration !== undefined)
  const bars: Bar[] = [{ kind: 'waiting', label: '', from: created, to: Math.max(created, hasStarted ? firstStart : over), look: 'queued', detail: '' }]
  if (!hasStarted) return bars
  const look = run.status === 'running' ? 'running' : run.status
  bars.push({ kind: 'running', label: '', from: firstStart, to: Math.max(firstStart, over), look, detail: run.reason ?? '' })
  for (const pod of pods) {
    const from = Date.parse(pod.startedAt!)
    const failed = pod.phase === 'Failed'
    bars.push({
      kind: 'pod', label: pod.name, from, to: Math.max(from, pod.finishedAt ? Date.parse(pod.finishedAt) : over),
      look: failed ? (run.status === 'cancelled' ? 'cancelled' : 'failed') : pod.phase === 'Succeeded' ? 'completed' : run.status === 'running' ? 'running' : 'cancelled',
      detail: [pod.reason, pod.exitCode === undefined ? '' : `exit ${pod.exitCode}`, pod.node, pod.restarts ? `↻ ${pod.restarts}` : '', pod.index === undefined ? '' : `#${pod.index}`].filter(Boolean).join(' · '),
    })
  }
  return bars
}

// place returns where a bar is within all, in percent.
export function place(bar: Bar, bars: Bar[]): { left: number; width: number } {
  const from = Math.min(...bars.map((b) => b.from))
  const span = Math.max(...bars.map((b) => b.to)) - from || 1
  return { left: ((bar.from - from) / span) * 100, width: ((bar.to - bar.from) / span) * 100 }
}
