// The filters of the history: in the address, and as the API takes them.
import type { ListedRun } from '../api/types'

export type Filters = {
  taskName: string
  status: string[]
  source: string[]
  triggerName: string
  label: string[]
  param: string[]
  startDate: string
  endDate: string
}

export const statuses = ['running', 'completed', 'failed', 'cancelled'] as const
export const sources = ['manual', 'api', 'schedule', 'change', 'kubectl'] as const

const list = (text: string | null, known: readonly string[]) => (text ?? '').split(',').filter((word) => known.includes(word))

// fromQuery reads the filters of an address. What the API would not know is left out.
export function fromQuery(query: URLSearchParams): Filters {
  return {
    taskName: query.get('taskName') ?? '',
    status: list(query.get('status'), statuses),
    source: list(query.get('source'), sources),
    triggerName: query.get('triggerName') ?? '',
    label: query.getAll('label').filter(Boolean),
    param: query.getAll('param').filter(Boolean),
    startDate: query.get('startDate') ?? '',
    endDate: query.get('endDate') ?? '',
  }
}

// toQuery writes filters as the API takes them, and as they are in the address. Empty ones are left out.
export function toQuery(filters: Filters): Record<string, string | string[] | undefined> {
  return {
    taskName: filters.taskName || undefined,
    status: filters.status.join(',') || undefined,
    source: filters.source.join(',') || undefined,
    triggerName: filters.triggerName || undefined,
    label: filters.label.length ? filters.label : undefined,
    param: filters.param.length ? filters.param : undefined,
    startDate: filters.startDate || undefined,
    endDate: filters.endDate || undefined,
  }
}

export function isEmpty(filters: Filters): boolean {
  return Object.values(toQuery(filters)).every((value) => value === undefined)
}

// decidable reports whether matches can judge a run without the facade. Labels take Kubernetes' selectors, and params
// are compared with the text of the request: the facade judges those.
export function decidable(filters: Filters): boolean {
  return filters.label.length === 0 && filters.param.length === 0
}

// matches reports whether a run that changed belongs to a list with these filters.
export function matches(run: ListedRun, filters: Filters): boolean {
  const day = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text)
  const created = Date.parse(run.createdAt)
  if (filters.taskName && run.taskName !== filters.taskName) return false
  if (filters.status.length && !filters.status.includes(run.status)) return false
  if (filters.source.length && !filters.source.includes(run.trigger.source)) return false
  if (filters.triggerName && run.trigger.name !== filters.triggerName) return false
  if (filters.startDate && created < Date.parse(filters.startDate)) return false
  if (filters.endDate && created >= Date.parse(filters.endDate) + (day(filters.endDate) ? 86_400_000 : 1)) return false
  return true
}
