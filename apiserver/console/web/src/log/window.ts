// The part of a log that the page holds: some pages in a row. It grows at both ends and drops pages at the other one, so
// that memory does not grow with the log.
import type { LogEntry } from '../api/types'

// Page is a part of a log. start and end are cursors, places between two lines. A start of undefined is the beginning of
// the log. gap says that lines may be missing before it.
export type Page = { entries: LogEntry[]; start: string | undefined; end: string | undefined; gap: boolean }

// Row is a line that is shown. id is the same as long as the page is held.
export type Row = { id: number; entry: LogEntry; gap: boolean }

// most is how many entries are held.
export const most = 6000

export class LogWindow {
  #pages: { page: Page; rows: Row[] }[] = []
  #lastID = 0
  #firstID = 0
  rows: Row[] = []

  // start is the cursor before the first line, undefined at the beginning of the log.
  get start(): string | undefined {
    return this.#pages[0]?.page.start
  }
  // end is the cursor after the last line.
  get end(): string | undefined {
    return this.#pages.at(-1)?.page.end
  }
  get atBeginning(): boolean {
    return this.#pages.length > 0 && this.start === undefined
  }

  // reset holds only this page.
  reset(page: Page): void {
    this.#pages = []
    this.append(page)
  }

  // append adds a page at the end. It returns how many rows were dropped at the beginning.
  append(page: Page): number {
    const rows = page.entries.map((entry, i) => ({ id: ++this.#lastID, entry, gap: page.gap && i === 0 }))
    this.#pages.push({ page, rows })
    let dropped = 0
    while (this.#pages.length > 1 && this.#size() > most) dropped += this.#pages.shift()?.rows.length ?? 0
    this.#flatten()
    return dropped
  }

  // prepend adds the page before. It returns how many rows were dropped at the end.
  prepend(page: Page): number {
    this.#firstID -= page.entries.length
    const first = this.#firstID
    const rows = page.entries.map((entry, i) => ({ id: first + i + 1, entry, gap: page.gap && i === 0 }))
    this.#pages.unshift({ page, rows })
    let dropped = 0
    while (this.#pages.length > 1 && this.#size() > most) dropped += this.#pages.pop()?.rows.length ?? 0
    this.#flatten()
    return dropped
  }

  // place says where a row is: the start of its page, and its number in it from 0.
  place(id: number): { start: string | undefined; index: number } | undefined {
    for (const { page, rows } of this.#pages) {
      const index = rows.findIndex((row) => row.id === id)
      if (index >= 0) return { start: page.start, index }
    }
    return undefined
  }

  #size(): number {
    return this.#pages.reduce((sum, { rows }) => sum + rows.length, 0)
  }

  #flatten(): void {
    this.rows = this.#pages.flatMap(({ rows }) => rows)
  }
}
