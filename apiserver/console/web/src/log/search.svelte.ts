// Searches a whole log, page by page, until its end or until enough was found.
import * as api from '../api'
import type { ApiError, Match } from '../api'
import type { LogFilter } from './reader.svelte'

// most is how many matches are held.
const most = 2000

export class LogSearch {
  matches = $state.raw<Match[]>([])
  error = $state.raw<ApiError>()
  busy = $state(false)
  lines = $state(0)
  // cut says that there may be more matches than are held.
  cut = $state(false)
  #running: AbortController | undefined

  async run(id: string, query: { q: string; regex: boolean; ignoreCase: boolean }, filter: LogFilter): Promise<void> {
    this.stop()
    this.matches = []
    this.error = undefined
    this.lines = 0
    this.cut = false
    if (!query.q) return
    const running = new AbortController()
    this.#running = running
    this.busy = true
    let cursor: string | undefined
    try {
      for (;;) {
        const page = await api.searchLogs(id, { ...filter, ...query, limit: 500, cursor }, { signal: running.signal })
        this.matches = [...this.matches, ...page.matches]
        this.lines += page.lines
        this.cut = !page.end && this.matches.length >= most
        if (page.end || this.cut || !page.nextCursor) break
        cursor = page.nextCursor
      }
    } catch (err) {
      if (!running.signal.aborted) this.error = err as ApiError
    } finally {
      if (this.#running === running) this.busy = false
    }
  }

  stop(): void {
    this.#running?.abort()
    this.#running = undefined
    this.busy = false
  }
}
