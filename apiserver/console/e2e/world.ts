// What the specs find: Tasks, and a token for each role. hack/e2e/console_test.go makes both and describes them in E2E_CONSOLE.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from '@playwright/test'

export type Role = 'viewer' | 'runner' | 'editor' | 'admin'

type World = {
  namespace: string
  tokens: Record<Role, string>
  // users are the names that the tokens belong to.
  users: Record<Role, string>
  tasks: Record<'report' | 'endless' | 'patient' | 'hostile' | 'long' | 'one' | 'busy' | 'many', string>
}

if (!process.env.E2E_CONSOLE || !process.env.E2E_URL) throw new Error('E2E_CONSOLE and E2E_URL are not set: run these specs by `E2E_RUN=^TestConsole make test-e2e`')
export const world = JSON.parse(process.env.E2E_CONSOLE) as World
export const origin = process.env.E2E_URL

export type Run = {
  executionId: string
  taskName: string
  status: string
  phase: string
  finishedAt?: string
  reason?: string
  params?: Record<string, unknown>
  rerunOf?: string
  cancellation?: { reason?: string; requestedBy?: string; outcome?: string }
}

// api sends a request with the token of a role, as programs do.
export async function api<T>(method: string, path: string, body?: unknown, role: Role = 'admin'): Promise<T> {
  const headers: Record<string, string> = { Authorization: `Bearer ${world.tokens[role]}`, Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const response = await fetch(origin + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return (text ? JSON.parse(text) : undefined) as T
}

export const start = async (task: string, params: Record<string, unknown> = {}, labels?: Record<string, string>) =>
  (await api<{ executionId: string }>('POST', `/tasks/${task}/execute/api`, { params, labels })).executionId

export const run = (id: string) => api<Run>('GET', `/tasks/executions/_/${id}`)

// ended waits until a run is over.
export async function ended(id: string): Promise<Run> {
  await expect.poll(async () => (await run(id)).finishedAt, { message: `${id} ends` }).toBeTruthy()
  return run(id)
}

type Page = { entries: { message: string }[]; nextCursor?: string }

// lines reads the whole log of a run.
export async function lines(id: string): Promise<string[]> {
  const read: string[] = []
  for (let cursor = ''; ; ) {
    const page = await api<Page>('GET', `/tasks/executions/${id}/logs?limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    read.push(...page.entries.map(({ message }) => message))
    if (!page.entries.length || !page.nextCursor) return read
    cursor = page.nextCursor
  }
}

// printed waits until a log has a line.
export const printed = (id: string, line: string | RegExp) =>
  expect.poll(async () => (await lines(id)).some((one) => (typeof line === 'string' ? one === line : line.test(one))), { message: `${id} prints ${line}` }).toBe(true)

export const cancel = (...ids: string[]) => api('DELETE', '/tasks/executions/cancel/by-ids', { executionIds: ids })

const execute = promisify(execFile)

// kubectl runs a command in the namespace of the Tasks, and returns what it prints.
export const kubectl = async (...args: string[]) => (await execute('kubectl', ['-n', world.namespace, ...args])).stdout
