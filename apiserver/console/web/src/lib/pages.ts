// The runs of a list, as pages. Only pages near the view have their runs; of the others the cursor and the number of runs are
// kept, so that they can be read again when they come into view. So memory does not grow with the list.
import type { ListedRun } from '../api/types'

// size is how many runs are read at once. near is how many pages keep their runs on each side of the view. full is from how
// many runs on the first page takes no new ones: it is read again when the view is at the top.
export const size = 200
export const near = 1
export const full = 5 * size

// Page is a part of the list, newest first. cursor is where it begins, undefined for the newest run. end is its oldest run;
// undefined says that it goes on to the end of the list. runs is absent if they were dropped.
export type Page = { cursor: string | undefined; end: Place | undefined; count: number; runs: ListedRun[] | undefined }

// Place is where a run is in the list.
export type Place = { createdAt: string; executionId: string }

// older reports whether a is after b in the list, which has the newest second first, and the runs of one second by name.
export function older(a: Place, b: Place): boolean {
  return a.createdAt === b.createdAt ? a.executionId > b.executionId : a.createdAt < b.createdAt
}

export class RunPages {
  readonly pages: readonly Page[]
  // next is the cursor of what follows, undefined at the end of the list.
  readonly next: string | undefined
  // behind says that newer runs exist that the first page lacks.
  readonly behind: boolean
  readonly count: number

  constructor(pages: readonly Page[] = [], next: string | undefined = undefined, behind = false) {
    this.pages = pages
    this.next = next
    this.behind = behind
    this.count = pages.reduce((sum, page) => sum + page.count, 0)
  }

  // at returns the run in a row, undefined if its page was dropped.
  at(row: number): ListedRun | undefined {
    for (const page of this.pages) {
      if (row < page.count) return page.runs?.[row]
      row -= page.count
    }
    return undefined
  }

  // within returns the pages that have rows from first to last, as [number, number after the last].
  within(first: number, last: number): [number, number] {
    let [from, to, row] = [0, 0, 0]
    for (const { count } of this.pages) {
      if (row + count <= first) from++
      if (row <= last) to++
      row += count
    }
    return [Math.min(from, Math.max(0, this.pages.length - 1)), to]
  }

  // missing returns the first page in view whose runs were dropped.
  missing(first: number, last: number): number | undefined {
    const [from, to] = this.within(first, last)
    const found = this.pages.slice(from, to).findIndex(({ runs }) => runs === undefined)
    return found < 0 ? undefined : from + found
  }

  // append adds the page that was read at next.
  append(runs: ListedRun[], next: string | undefined): RunPages {
    const end = next === undefined ? undefined : runs.at(-1)
    return new RunPages([...this.pages, { cursor: this.next, end: end && placeOf(end), count: runs.length, runs }], next, this.behind)
  }

  // refill gives a page its runs again. It returns undefined if runs do not reach the page's end: more has to be read.
  refill(number: number, runs: ListedRun[], more: boolean): RunPages | undefined {
    const page = this.pages[number]
    if (!page) return this
    const { end } = page
    const last = runs.at(-1)
    if (end && more && (!last || older(end, last))) return undefined
    const kept = end ? runs.filter((run) => !older(run, end)) : runs
    return this.#with(number, kept, number === 0 ? false : this.behind)
  }

  // drop forgets the runs of pages that are not near the rows from first to last.
  drop(first: number, last: number): RunPages {
    const [from, to] = this.within(first, last)
    const far = (i: number) => i < from - near || i >= to + near
    if (!this.pages.some(({ runs }, i) => runs && far(i))) return this
    return new RunPages(this.pages.map((page, i) => (far(i) ? { ...page, runs: undefined } : page)), this.next, this.behind)
  }

  // forget drops all runs, so that those in view are read again.
  forget(): RunPages {
    return new RunPages(this.pages.map((page) => ({ ...page, runs: undefined })), this.next, this.behind)
  }

  // take puts a run where it belongs, or removes it. A page without runs is left alone: it shows the change when it is read.
  take(run: ListedRun, belongs: boolean): RunPages {
    const number = this.pages.findIndex(({ end }) => !end || !older(run, end))
    const page = this.pages[number]
    if (!page) return this // after what was read so far
    if (!page.runs) return number === 0 && belongs ? new RunPages(this.pages, this.next, true) : this
    const found = page.runs.findIndex(({ executionId }) => executionId === run.executionId)
    if (found < 0 && !belongs) return this
    if (found < 0 && number === 0 && page.count >= full) return new RunPages(this.pages, this.next, true)
    const before = page.runs[found]
    const others = page.runs.filter((_, i) => i !== found)
    if (!belongs) return this.#with(number, others)
    // A change does not say what the viewer may do with the run.
    const changed = before ? { ...run, may: before.may ?? [] } : run
    const place = others.findIndex((other) => older(other, run))
    return this.#with(number, others.toSpliced(place < 0 ? others.length : place, 0, changed))
  }

  // remove takes a deleted run out, if its page has its runs.
  remove(executionId: string): RunPages {
    const number = this.pages.findIndex(({ runs }) => runs?.some((run) => run.executionId === executionId))
    const runs = this.pages[number]?.runs
    return runs ? this.#with(number, runs.filter((run) => run.executionId !== executionId)) : this
  }

  has(executionId: string): boolean {
    return this.pages.some(({ runs }) => runs?.some((run) => run.executionId === executionId))
  }

  // before is how many rows are before a run, undefined if no page has it.
  before(executionId: string): number | undefined {
    let row = 0
    for (const { runs, count } of this.pages) {
      const found = runs?.findIndex((run) => run.executionId === executionId) ?? -1
      if (found >= 0) return row + found
      row += count
    }
    return undefined
  }

  #with(number: number, runs: ListedRun[], behind = this.behind): RunPages {
    return new RunPages(this.pages.map((page, i) => (i === number ? { ...page, runs, count: runs.length } : page)), this.next, behind)
  }
}

function placeOf({ createdAt, executionId }: ListedRun): Place {
  return { createdAt, executionId }
}
