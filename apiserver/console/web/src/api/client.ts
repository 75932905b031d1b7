// The one place that talks to the REST API.
import { untrack } from 'svelte'
import { place } from '../lib/router.svelte'
import { parseExact, stringifyExact } from './exact'
import type { Paths, Problem } from './types'

// ApiError is a request that failed. problem has the facade's words; status is 0 if there was no answer.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail || problem.title)
  }
}

type Method = 'get' | 'post' | 'put' | 'delete'
type Operation<P extends keyof Paths, M extends Method> = NonNullable<Paths[P][M]>
type Json<R> = R extends { content: infer C } ? (C extends { 'application/json': infer B } ? B : void) : void
type Answer<O> = O extends { responses: infer R } ? (R extends { 200: infer A } ? Json<A> : R extends { 201: infer A } ? Json<A> : void) : void
type InPath<O> = O extends { parameters: { path: infer P } } ? P : undefined
type InQuery<O> = O extends { parameters: { query?: infer Q } } ? ([NonNullable<Q>] extends [never] ? unknown : NonNullable<Q>) : unknown

export type QueryValue = string | number | boolean | string[] | undefined

export type Request = {
  path?: Record<string, string>
  query?: Record<string, QueryValue>
  // A string is sent as it is.
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

type Typed<O> = Omit<Request, 'path' | 'query'> & (InPath<O> extends undefined ? { path?: undefined } : { path: InPath<O> }) & {
  query?: InQuery<O>
}

// call sends a request that the API describes. Its path is relative to the namespace of the page.
export function call<P extends keyof Paths, M extends Method>(method: M, path: P, request: Typed<Operation<P, M>>): Promise<Answer<Operation<P, M>>> {
  return send(method, base() + fill(path as string, request.path as Record<string, string> | undefined), request as Request) as Promise<Answer<Operation<P, M>>>
}

// base is the prefix of all paths in the namespace of the page. Another namespace is another screen, so that what reads has
// not to be repeated when the address changes.
export function base(): string {
  const namespace = untrack(() => place.namespace)
  return namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
}

let onUnauthorized: () => void = () => {}

// whenUnauthorized sets what happens when the facade does not know the caller any more.
export function whenUnauthorized(f: () => void): void {
  onUnauthorized = f
}

export async function send<T>(method: string, url: string, request: Request = {}): Promise<T> {
  // Sentences come in the language of the page.
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': document.documentElement.lang, ...request.headers }
  let body: string | undefined
  if (request.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = typeof request.body === 'string' ? request.body : stringifyExact(request.body)
  }
  const init: RequestInit = { method: method.toUpperCase(), headers, credentials: 'same-origin' }
  if (body !== undefined) init.body = body
  if (request.signal) init.signal = request.signal
  let response: Response
  try {
    response = await fetch(withQuery(url, request.query), init)
  } catch (err) {
    if (err instanceof DOMException && err.name === 'AbortError') throw err
    throw new ApiError(0, { title: 'unreachable', status: 0 } as Problem)
  }
  const text = await response.text()
  if (!response.ok) {
    if (response.status === 401 && !url.startsWith('/session')) onUnauthorized()
    throw new ApiError(response.status, problemOf(response, text))
  }
  return (text ? parseExact(text) : undefined) as T
}

function problemOf(response: Response, text: string): Problem {
  const fallback = { title: response.statusText || `HTTP ${response.status}`, status: response.status } as Problem
  try {
    const parsed = JSON.parse(text) as Problem
    return parsed && typeof parsed === 'object' ? { ...fallback, ...parsed } : fallback
  } catch {
    return fallback
  }
}

// fill puts names into a path. "." and ".." would be removed by the browser; nothing in Kubernetes has these names.
export function fill(path: string, values: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
}

export function withQuery(url: string, query: Record<string, QueryValue> = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== '' && item !== false) parameters.append(name, String(item))
    }
  }
  const text = parameters.toString()
  return text ? `${url}?${text}` : url
}
