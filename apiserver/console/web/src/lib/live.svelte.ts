// Changes of runs, as they happen. One stream serves all that listen; it is closed when nobody does.
import { watchURL, type ListedRun } from '../api'

export type Listener = { changed: (runs: ListedRun[], deleted: string[]) => void; reset: () => void }

// pace is how long changes are gathered before they are shown, in milliseconds: many at once cost one update.
const pace = 400

class Live {
  connected = $state(false)
  #listeners = new Set<Listener>()
  #source: EventSource | undefined
  #changed = new Map<string, ListedRun>()
  #deleted = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #missed = false

  // listen tells of changes until the returned function is called.
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    if (!this.#source) this.#open()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.close()
    }
  }

  close(): void {
    this.#source?.close()
    this.#source = undefined
    clearTimeout(this.#timer)
    clearTimeout(this.#retry)
    this.#timer = this.#retry = undefined
    this.#changed.clear()
    this.#deleted.clear()
    this.connected = false
  }

  #open(): void {
    const source = new EventSource(watchURL())
    this.#source = source
    // A stream that goes on after its last event has no "ready".
    source.addEventListener('open', () => (this.connected = true))
    source.addEventListener('ready', () => {
      if (this.#missed) this.#reset()
      this.#missed = false
    })
    source.addEventListener('execution', (event) => {
      const run = JSON.parse((event as MessageEvent<string>).data) as ListedRun
      this.#deleted.delete(run.executionId)
      this.#changed.set(run.executionId, run)
      this.#soon()
    })
    source.addEventListener('deleted', (event) => {
      const { executionId } = JSON.parse((event as MessageEvent<string>).data) as { executionId: string }
      this.#changed.delete(executionId)
      this.#deleted.add(executionId)
      this.#soon()
    })
    source.addEventListener('reset', () => this.#reset())
    source.addEventListener('error', () => {
      this.connected = false
      if (source.readyState !== EventSource.CLOSED) return // the browser connects again by itself
      this.#missed = true
      this.#retry = setTimeout(() => {
        if (this.#listeners.size > 0) this.#open()
      }, 5000)
    })
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const runs = [...this.#changed.values()]
      const deleted = [...this.#deleted]
      this.#changed.clear()
      this.#deleted.clear()
      for (const listener of this.#listeners) listener.changed(runs, deleted)
    }, pace)
  }

  #reset(): void {
    for (const listener of this.#listeners) listener.reset()
  }
}

export const live = new Live()
