// JSON without loss: a whole number that JavaScript would round is a BigInt. A browser that does not tell the text of a
// number (older than 2025) rounds it as JSON.parse does.

type Context = { source?: string }

export function parseExact(text: string): unknown {
  const reviver = (_: string, value: unknown, context?: Context): unknown => {
    const source = context?.source
    if (typeof value !== 'number' || Number.isSafeInteger(value) || !source || !/^-?\d+$/.test(source)) return value
    return BigInt(source)
  }
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
}

// stringifyExact writes JSON with BigInts as numbers. indent is the number of spaces of a level; 0 writes one line.
export function stringifyExact(value: unknown, indent = 0, level = 0): string {
  if (typeof value === 'bigint') return value.toString()
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const items = Array.isArray(value)
    ? value.map((item) => stringifyExact(item, indent, level + 1))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}:${indent ? ' ' : ''}${stringifyExact(item, indent, level + 1)}`)
  if (items.length === 0) return `${open}${close}`
  if (!indent) return `${open}${items.join(',')}${close}`
  const inner = ' '.repeat(indent * (level + 1))
  return `${open}\n${inner}${items.join(`,\n${inner}`)}\n${' '.repeat(indent * level)}${close}`
}
