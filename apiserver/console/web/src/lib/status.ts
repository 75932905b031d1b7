// How the state of a run is shown: a picture, a colour and a word for each.
import type { Phase, RunStatus } from '../api/types'

export type Look = 'completed' | 'failed' | 'cancelled' | 'running' | 'queued'

// lookOf returns how a run is shown. Cancelling is cancelled, as in the API; what has no container yet is queued.
export function lookOf(run: { status: RunStatus; phase?: Phase }): Look {
  if (run.status !== 'running') return run.status
  return run.phase === 'Queued' || run.phase === 'Pending' ? 'queued' : 'running'
}

// isOver reports whether the phase of a run cannot change any more.
export function isOver(phase: Phase): boolean {
  return phase === 'Completed' || phase === 'Failed' || phase === 'Cancelled'
}
