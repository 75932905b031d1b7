// Reads a log into a window: from its end, backwards, forwards, and as it grows.
import * as api from '../api'
import type { ApiError, LogEntry, LogPage } from '../api'
import { withQuery, type QueryValue } from '../api/client'
import { LogWindow, type Page, type Row } from './window'

export type LogFilter = { level?: string | undefined; attempt?: string | undefined; container?: string | undefined; since?: string | undefined }

// page is how many lines are read at once. pace is how long lines of a stream are gathered, in milliseconds.
const page = 400
const pace = 150

export class LogReader {
  rows = $state.raw<Row[]>([])
  error = $state.raw<ApiError>()
  state = $state<'opening' | 'open'>('opening')
  // attached says that the window ends where the log ends now; following, that new lines are shown as they come; over, that none will.
  attached = $state(false)
  following = $state(false)
  over = $state(false)
  atBeginning = $state(false)
  // about is what the last page said about the whole: completeness, sources, redaction.
  about = $state.raw<Partial<LogPage>>({})
  // pickedID is the row that the address names, 0 if none.
  picked = $state(0)
  #window = new LogWindow()
  #source: EventSource | undefined
  #pending: { entry: LogEntry; id: string }[] = []
  #gap = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #busy = false
  #stopping = new AbortController()

  constructor(
    private readonly id: string,
    private readonly filter: LogFilter,
  ) {}

  // open shows the end of the log, or the lines around a cursor.
  async open(at?: string): Promise<void> {
    this.#unfollow()
    this.state = 'opening'
    this.picked = 0
    this.error = undefined
    try {
      const newest = await this.#read({ before: at ?? 'end', limit: page })
      this.#window = new LogWindow()
      this.#window.reset(this.#back(newest))
      this.attached = at === undefined
      this.over = this.attached && newest.end
      if (at !== undefined) {
        this.picked = this.#window.rows.at(-1)?.id ?? 0
        await this.#forward()
      }
      this.#show()
      if (this.attached && !this.over) this.#follow()
    } catch (err) {
      this.#fail(err)
    } finally {
      this.state = 'open'
    }
  }

  // older reads the page before. change runs what alters the rows, so that the caller can keep its place.
  async older(change: (alter: () => void) => void | Promise<void>): Promise<void> {
    const start = this.#window.start
    if (this.#busy || start === undefined) return
    await this.#alone(async () => {
      const before = await this.#read({ before: start, limit: page })
      await change(() => {
        if (this.#window.prepend(this.#back(before)) > 0) this.#detach()
        this.#show()
      })
    })
  }

  // newer reads the page after, if the window does not end where the log ends.
  async newer(change: (alter: () => void) => void | Promise<void>): Promise<void> {
    if (this.#busy || this.attached || this.#window.end === undefined) return
    await this.#alone(async () => {
      const next = await this.#read({ cursor: this.#window.end, limit: page })
      await change(() => {
        this.#append(next)
        this.#show()
      })
      if (this.attached && !this.over) this.#follow()
    })
  }

  // cursorOf returns the cursor after a line, for a link to it.
  async cursorOf(row: Row): Promise<string | undefined> {
    const place = this.#window.place(row.id)
    if (!place) return undefined
    return (await this.#read({ cursor: place.start, limit: place.index + 1 })).nextCursor
  }

  stop(): void {
    this.#stopping.abort()
    this.#unfollow()
  }

  async #forward(): Promise<void> {
    if (this.#window.end === undefined) return
    this.#append(await this.#read({ cursor: this.#window.end, limit: page }))
  }

  #append(next: LogPage): void {
    this.#window.append({ entries: next.entries, start: this.#window.end, end: next.nextCursor ?? this.#window.end, gap: next.gap ?? false })
    this.attached = next.end || next.entries.length === 0
    this.over = next.end
  }

  async #read(query: Record<string, QueryValue>): Promise<LogPage> {
    const read = await api.logs(this.id, { ...this.filter, ...query }, { signal: this.#stopping.signal })
    const { entries: _, ...about } = read
    this.about = about
    return read
  }

  #back(read: LogPage): Page {
    return { entries: read.entries, start: read.previousCursor, end: read.nextCursor, gap: read.gap ?? false }
  }

  #follow(): void {
    const source = new EventSource(withQuery(api.logsURL(this.id), { ...this.filter, follow: true, lastEventId: this.#window.end }))
    this.#source = source
    source.addEventListener('open', () => (this.following = true))
    source.addEventListener('entry', (event) => {
      const { data, lastEventId } = event as MessageEvent<string>
      this.#pending.push({ entry: JSON.parse(data) as LogEntry, id: lastEventId })
      this.#timer ??= setTimeout(() => this.#take(), pace)
    })
    source.addEventListener('gap', () => {
      this.#take()
      this.#gap = true
    })
    source.addEventListener('end', (event) => {
      this.#take()
      this.about = { ...this.about, ...(JSON.parse((event as MessageEvent<string>).data) as Partial<LogPage>) }
      this.over = true
      this.#unfollow()
    })
    source.addEventListener('error', () => {
      this.following = false
      if (source.readyState === EventSource.CLOSED && this.#source === source) this.#source = undefined
    })
  }

  #take(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#pending.length === 0) return
    const taken = this.#pending
    this.#pending = []
    this.#window.append({ entries: taken.map(({ entry }) => entry), start: this.#window.end, end: taken.at(-1)!.id, gap: this.#gap })
    this.#gap = false
    this.#show()
  }

  // detach stops following, because the window does not reach the end any more.
  #detach(): void {
    this.#unfollow()
    this.attached = false
    this.over = false
  }

  #unfollow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#pending = []
    this.#source?.close()
    this.#source = undefined
    this.following = false
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    this.#busy = true
    try {
      await work()
    } catch (err) {
      this.#fail(err)
    } finally {
      this.#busy = false
    }
  }

  #fail(err: unknown): void {
    if (!this.#stopping.signal.aborted) this.error = err as ApiError
  }

  #show(): void {
    this.rows = this.#window.rows
    this.atBeginning = this.#window.atBeginning
  }
}
