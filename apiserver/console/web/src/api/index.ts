// What the screens ask of the REST API. A name that is also a word in a path is read after "_".
import { base, call, fill, send, type QueryValue } from './client'
import type * as T from './types'

export { ApiError } from './client'
export type * from './types'

// Filters come from the address, as text; the facade judges their values.
type Filter = T.Query<'/tasks/executions', 'get'>
type LogQuery = T.Query<'/tasks/executions/{executionId}/logs', 'get'>
type SearchQuery = T.Query<'/tasks/executions/{executionId}/logs/search', 'get'>
type Options = { signal?: AbortSignal | undefined }
const only = (o?: Options) => (o?.signal ? { signal: o.signal } : {})

export const tasks = (o?: Options) => call('get', '/tasks', { query: { may: true }, ...only(o) })
export const task = (taskName: string, o?: Options) =>
  call('get', '/tasks/_/{taskName}', { path: { taskName }, query: { may: true }, ...only(o) })

export const history = (query: Record<string, QueryValue>, o?: Options) =>
  call('get', '/tasks/executions', { query: { may: true, ...(query as Filter) }, ...only(o) })
export const run = (executionId: string, o?: Options) =>
  call('get', '/tasks/executions/_/{executionId}', { path: { executionId }, query: { may: true }, ...only(o) })
export const explain = (executionId: string, o?: Options) =>
  call('get', '/tasks/executions/{executionId}/explain', { path: { executionId }, ...only(o) })
export const diff = (executionId: string, other: string, o?: Options) =>
  call('get', '/tasks/executions/{executionId}/diff', { path: { executionId }, query: { with: other }, ...only(o) })
export const statsHistory = (query: { taskName?: string; from?: string; by?: 'hour' | 'day' }, o?: Options) =>
  call('get', '/tasks/stats/history', { query, ...only(o) })
export const stats = (taskName: string, o?: Options) => call('get', '/tasks/stats/summary', { query: { taskName }, ...only(o) })

// execute starts a run. body is the text of the request, so that numbers are sent as they were typed.
export const execute = (taskName: string, body: string, key: string) =>
  call('post', '/tasks/{taskName}/execute/manual', { path: { taskName }, body, headers: { 'Idempotency-Key': key } }) as Promise<T.Started>
export const rehearse = (taskName: string, body: string, o?: Options) =>
  call('post', '/tasks/{taskName}/execute/manual', { path: { taskName }, query: { dryRun: true }, body, ...only(o) }) as Promise<T.Rehearsal>
export const rerun = (executionId: string, body: string | undefined, key: string) =>
  call('post', '/tasks/executions/{executionId}/rerun', { path: { executionId }, body, headers: { 'Idempotency-Key': key } }) as Promise<T.Started>

export const cancel = (executionIds: string[], reason: string) =>
  call('delete', '/tasks/executions/cancel/by-ids', { body: reason ? { executionIds, reason } : { executionIds } })
export const remove = (executionId: string) => call('delete', '/tasks/executions/{executionId}', { path: { executionId } })
export const cancelByFilter = (query: Record<string, QueryValue>, reason: string, dryRun: boolean) =>
  call('delete', '/tasks/executions/cancel/by-filter', { query: { ...(query as Filter), dryRun }, body: reason ? { reason } : {} })
export const rerunByFilter = (query: Record<string, QueryValue>, dryRun: boolean, key: string) =>
  call('post', '/tasks/executions/rerun/by-filter', { query: { ...(query as Filter), dryRun }, headers: { 'Idempotency-Key': key } })

export const logs = (executionId: string, query: Record<string, QueryValue>, o?: Options) =>
  call('get', '/tasks/executions/{executionId}/logs', { path: { executionId }, query: query as LogQuery, ...only(o) })
export const searchLogs = (executionId: string, query: Record<string, QueryValue>, o?: Options) =>
  call('get', '/tasks/executions/{executionId}/logs/search', { path: { executionId }, query: query as SearchQuery, ...only(o) })
export const logsURL = (executionId: string) => `${base()}${fill('/tasks/executions/{id}/logs', { id: executionId })}`
export const watchURL = () => `${base()}/tasks/watch`
export const watchRunURL = (executionId: string) => `${base()}${fill('/tasks/executions/{id}/watch', { id: executionId })}`

export const schedules = (o?: Options) => call('get', '/triggers/cron', { query: { may: true }, ...only(o) })
// ticks are the times of a schedule; previewTicks those of one that is not saved.
export const ticks = (name: string, o?: Options) => call('get', '/triggers/cron/{name}/ticks', { path: { name }, ...only(o) })
export const previewTicks = (query: { schedule: string; timeZone: string | undefined }, o?: Options) =>
  call('get', '/triggers/cron/_/ticks', { query: query as T.Query<'/triggers/cron/_/ticks', 'get'>, ...only(o) })
export const toggleSchedule = (name: string, enabled: boolean) => call('post', '/triggers/cron/{name}/toggle', { path: { name }, body: { enabled } })
export const runSchedule = (name: string, key: string) =>
  call('post', '/triggers/cron/{name}/run', { path: { name }, headers: { 'Idempotency-Key': key } }) as Promise<T.Started>
export const createSchedule = (body: unknown) => call('post', '/triggers/cron', { body })
export const replaceSchedule = (name: string, body: unknown) => call('put', '/triggers/cron/{name}', { path: { name }, body })
export const deleteSchedule = (name: string) => call('delete', '/triggers/cron/{name}', { path: { name } })

export const session = () => send<T.Session>('get', '/session')
export const login = (body: { token: string } | { code: string }) => send<T.Session>('post', '/session', { body })
export const logout = () => send<void>('delete', '/session')
