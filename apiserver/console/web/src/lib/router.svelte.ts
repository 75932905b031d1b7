// The address of the page. A screen is a path below /console/, its filters are the query.
import { parse, type Place } from './route'

const root = '/console/'

function here(): Place {
  return parse(location.pathname.startsWith(root) ? location.pathname.slice(root.length) : '', location.search)
}

class Router {
  current = $state.raw<Place>(here())
  get namespace(): string {
    return this.current.namespace
  }
  get query(): URLSearchParams {
    return this.current.query
  }
  refresh = (): void => {
    this.current = here()
  }
}

export const place = new Router()

// href returns the address of a screen, such as href('runs', id, 'log'), in the namespace of the page.
export function href(...parts: string[]): string {
  const inNamespace = place.namespace ? ['ns', place.namespace, ...parts] : parts
  return root + inNamespace.map(encodeURIComponent).join('/')
}

// go opens an address of the console. With replace, the present one is not kept in the browser's history.
export function go(address: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  place.refresh()
  if (!options.replace) window.scrollTo(0, 0)
}

// setQuery changes the query of the present address: undefined or '' removes a name, an array repeats it.
export function setQuery(changes: Record<string, string | string[] | undefined>, replace = true): void {
  const query = new URLSearchParams(place.query)
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name)
    for (const item of Array.isArray(value) ? value : [value]) if (item) query.append(name, item)
  }
  const text = query.toString()
  go(location.pathname + (text ? `?${text}` : ''), { replace })
}

// follow opens a clicked link of the console without loading the page again. A link to a part of the page is left to the browser.
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = (event.target as Element | null)?.closest('a')
  if (!link || link.target || link.hasAttribute('download') || link.hash || link.origin !== location.origin || !link.pathname.startsWith(root)) return
  event.preventDefault()
  go(link.pathname + link.search)
}
