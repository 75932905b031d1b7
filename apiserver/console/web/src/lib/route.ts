// Which screen an address shows.

export type Screen = 'tasks' | 'task' | 'runs' | 'run' | 'log' | 'schedules' | 'queue' | 'none'

// Place is an address: its screen, the name of what it shows, and the query. An empty namespace is the first one of the
// facade.
export type Place = { screen: Screen; name: string; namespace: string; query: URLSearchParams }

// parse reads a path below /console/ and its query.
export function parse(path: string, search: string): Place {
  const parts = path.split('/').filter(Boolean).map(decode)
  let namespace = ''
  if (parts[0] === 'ns' && parts.length >= 2) namespace = parts.splice(0, 2)[1] ?? ''
  const [room = 'tasks', name = '', below = ''] = parts
  const at = (screen: Screen): Place => ({ screen, name, namespace, query: new URLSearchParams(search) })
  if (parts.length > 3 || (below !== '' && !(room === 'runs' && below === 'log'))) return at('none')
  switch (room) {
    case 'tasks':
      return at(name ? 'task' : 'tasks')
    case 'runs':
      return at(below ? 'log' : name ? 'run' : 'runs')
    case 'schedules':
    case 'queue':
      return at(name ? 'none' : room)
    default:
      return at('none')
  }
}

// decode reads one part of a path. What is not valid is taken as it is.
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
