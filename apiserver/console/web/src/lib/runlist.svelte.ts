// Reads the list of runs that match filters, page by page, and keeps it up to date.
import * as api from '../api'
import type { ApiError, ListedRun } from '../api'
import { decidable, matches, toQuery, type Filters } from './filters'
import { RunPages, size } from './pages'

// beginning is how many runs are read first: few more than are in view, so that they are shown soon.
const beginning = 60
// reads is how many requests one page may take that has grown since it was read.
const reads = 8

export class RunList {
  pages = $state.raw(new RunPages())
  error = $state.raw<ApiError>()
  incomplete = $state('')
  // loaded says that the first page was read with the present filters.
  loaded = $state(false)
  #filters: Filters
  #view: [first: number, last: number] = [0, 0]
  #reading: AbortController | undefined

  constructor(
    filters: Filters,
    // shifted tells by how many rows what is in view has moved down.
    private readonly shifted: (rows: number) => void,
  ) {
    this.#filters = filters
  }

  // filter begins a list with other filters. What is shown stays until the answer comes.
  filter(filters: Filters): void {
    this.#filters = filters
    this.loaded = false
    void this.begin()
  }

  // renew reads again what is in view, because changes were missed.
  renew(): void {
    if (this.#view[0] === 0) void this.begin()
    else {
      this.pages = this.pages.forget()
      if (!this.#reading) void this.#fill()
    }
  }

  // begin reads the list again from its newest run.
  begin = async (): Promise<void> => {
    this.#view = [0, 0]
    await this.#alone(async (signal) => {
      const { executions, nextCursor } = await this.#read(undefined, signal, beginning)
      this.pages = new RunPages().append(executions, nextCursor)
      this.loaded = true
    })
  }

  // see says which rows are in view: what they lack is read, and what is far away is forgotten.
  see(first: number, last: number): void {
    this.#view = [first, last]
    this.pages = this.pages.drop(first, last)
    if (first === 0 && this.pages.behind) void this.begin()
    else if (!this.#reading) void this.#fill()
  }

  // take shows changes of runs.
  take(changed: ListedRun[], deleted: string[]): void {
    const before = this.#anchor()
    let unknown = false
    let pages = this.pages
    for (const run of changed) {
      // The facade alone judges labels and params: of others than those shown, it is asked again.
      if (decidable(this.#filters)) pages = pages.take(run, matches(run, this.#filters))
      else if (pages.has(run.executionId)) pages = pages.take(run, true)
      else unknown = true
    }
    for (const id of deleted) pages = pages.remove(id)
    this.#show(pages, before)
    const atTop = this.#view[0] === 0
    if (atTop && (unknown || pages.behind)) void this.begin()
  }

  stop(): void {
    this.#reading?.abort()
  }

  // fill reads what is missing in the view, and what follows when the view comes near the end.
  async #fill(): Promise<void> {
    for (let more = true; more; ) {
      more = await this.#alone(async (signal) => {
        const [first, last] = this.#view
        const missing = this.pages.missing(first, last)
        if (missing !== undefined) return this.#refill(missing, signal)
        if (this.pages.next === undefined || last < this.pages.count - size / 4) return false
        const { executions, nextCursor } = await this.#read(this.pages.next, signal)
        this.pages = this.pages.append(executions, nextCursor).drop(...this.#view)
        return true
      })
    }
  }

  async #refill(number: number, signal: AbortSignal): Promise<boolean> {
    const before = this.#anchor()
    const runs: ListedRun[] = []
    let cursor = this.pages.pages[number]?.cursor
    for (let i = 0; i < reads; i++) {
      const page = await this.#read(cursor, signal)
      runs.push(...page.executions)
      const filled = this.pages.refill(number, runs, page.nextCursor !== undefined)
      if (filled) {
        this.#show(filled, before)
        return true
      }
      cursor = page.nextCursor
    }
    void this.begin() // too much is new
    return false
  }

  async #read(cursor: string | undefined, signal: AbortSignal, limit = size): Promise<api.History> {
    const answer = await api.history({ ...toQuery(this.#filters), limit, cursor }, { signal })
    this.incomplete = answer.incomplete ?? ''
    return answer
  }

  // alone does one reading. Another one ends it.
  async #alone<T>(read: (signal: AbortSignal) => Promise<T>): Promise<T | false> {
    this.#reading?.abort()
    const mine = (this.#reading = new AbortController())
    try {
      const done = await read(mine.signal)
      this.error = undefined
      return done
    } catch (err) {
      if (mine.signal.aborted) return false
      this.error = err as ApiError
      if (!this.loaded) this.pages = new RunPages() // what is shown has other filters
      return false
    } finally {
      if (this.#reading === mine) this.#reading = undefined
    }
  }

  // anchor is the first run in view that is known, and its row.
  #anchor(): { id: string; row: number } | undefined {
    for (let row = this.#view[0]; row <= this.#view[1]; row++) {
      const run = this.pages.at(row)
      if (run) return { id: run.executionId, row }
    }
    return undefined
  }

  #show(pages: RunPages, before: { id: string; row: number } | undefined): void {
    if (pages === this.pages) return
    this.pages = pages
    const row = before && pages.before(before.id)
    if (row !== undefined && before && row !== before.row) this.shifted(row - before.row)
  }
}
