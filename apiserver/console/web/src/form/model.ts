// A form from a JSON Schema. It shows fields for what people fill in most: text, numbers, choices, switches, objects and
// lists. Everything else is a field of JSON text. It judges nothing: the facade's dry run does, and names each field.
//
// What is typed stays text until it is sent. So a number arrives with the digits that were typed, and text that is not a
// number is refused by the facade, in its words.
import { stringifyExact } from '../api/exact'

export type Kind = 'text' | 'number' | 'switch' | 'choice' | 'object' | 'list' | 'json'

type Schema = Record<string, unknown>

export type Field = {
  kind: Kind
  name: string
  title: string
  description: string
  required: boolean
  // A secret is sensitive: it is typed as a password and its value is never shown.
  secret: boolean
  // choices are the values of an enum.
  choices: unknown[]
  // initial is the default of the schema, undefined if it has none.
  initial: unknown
  // hints are the limits of the value, for people.
  hints: Hint[]
  integer: boolean
  long: boolean
  fields: Field[]
  // item is the field of each entry of a list.
  item: Field | undefined
  maxItems: number
}

// Hint is one limit of a value. A length counts characters, a size entries of a list.
export type Hint = { text: string; unit: '' | 'chars' | 'items' }

// Draft is what has been typed into a field.
export type Draft = { text: string; on: boolean | undefined; fields: Record<string, Draft>; items: Draft[]; extra: Record<string, unknown> }

// deepest bounds how deep fields are made; what is below is JSON text.
const deepest = 6

// formOf returns the fields of a schema of params.
export function formOf(schema: unknown): Field {
  const root = isObject(schema) ? schema : {}
  return fieldOf(root, root, '', true, 0)
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// resolve follows references within the schema. Words beside a reference win.
function resolve(schema: unknown, root: Schema, hops = 0): Schema {
  if (!isObject(schema)) return {}
  const { $ref: ref, ...beside } = schema
  if (typeof ref !== 'string' || hops > 20) return schema
  let target: unknown = root
  for (const part of ref.replace(/^#/, '').split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : Array.isArray(target) ? target[Number(key)] : undefined
  }
  return isObject(target) ? { ...resolve(target, root, hops + 1), ...beside } : beside
}

function fieldOf(raw: unknown, root: Schema, name: string, required: boolean, depth: number): Field {
  const schema = resolve(raw, root)
  const text = (key: string) => (typeof schema[key] === 'string' ? schema[key] : '')
  const field: Field = {
    kind: kindOf(schema, depth), name, title: text('title') || name, description: text('description'), required,
    secret: schema.writeOnly === true, choices: [], initial: schema.default, hints: hintsOf(schema),
    integer: schema.type === 'integer', long: text('format') === 'textarea' || Number(schema.maxLength) > 1000, fields: [], item: undefined,
    maxItems: typeof schema.maxItems === 'number' ? schema.maxItems : Infinity,
  }
  if (Array.isArray(schema.enum)) field.choices = schema.enum
  else if ('const' in schema) field.choices = [schema.const]
  if (field.kind === 'object') {
    const wanted = Array.isArray(schema.required) ? schema.required : []
    field.fields = Object.entries(isObject(schema.properties) ? schema.properties : {})
      .filter(([, property]) => property !== false)
      .map(([key, property]) => fieldOf(property, root, key, wanted.includes(key), depth + 1))
      // Kubernetes does not keep the order of a schema. What has to be filled in comes first.
      .sort((a, b) => Number(b.required) - Number(a.required))
  }
  if (field.kind === 'list') field.item = fieldOf(schema.items, root, '', true, depth + 1)
  return field
}

function kindOf(schema: Schema, depth: number): Kind {
  if (Array.isArray(schema.enum) || 'const' in schema) return 'choice'
  if (['oneOf', 'anyOf', 'allOf', 'if', 'not'].some((word) => word in schema) && depth > 0) return 'json'
  const properties = isObject(schema.properties) && Object.keys(schema.properties).length > 0
  switch (schema.type) {
    case 'string':
      return 'text'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'switch'
    case 'object':
      return depth === 0 || (properties && depth < deepest) ? 'object' : 'json'
    case 'array':
      return isObject(schema.items) && !('prefixItems' in schema) && depth < deepest ? 'list' : 'json'
    default:
      return depth === 0 || (properties && schema.type === undefined && depth < deepest) ? 'object' : 'json'
  }
}

function hintsOf(schema: Schema): Hint[] {
  const hints: Hint[] = []
  const add = (text: string, unit: Hint['unit'] = '') => hints.push({ text, unit })
  const range = (low: unknown, high: unknown, unit: Hint['unit'] = '') => {
    if (low !== undefined && high !== undefined) add(`${String(low)}–${String(high)}`, unit)
    else if (low !== undefined) add(`≥ ${String(low)}`, unit)
    else if (high !== undefined) add(`≤ ${String(high)}`, unit)
  }
  range(schema.minimum, schema.maximum)
  if (schema.exclusiveMinimum !== undefined) add(`> ${String(schema.exclusiveMinimum)}`)
  if (schema.exclusiveMaximum !== undefined) add(`< ${String(schema.exclusiveMaximum)}`)
  if (schema.multipleOf !== undefined) add(`× ${String(schema.multipleOf)}`)
  if (schema.type === 'string') range(schema.minLength === 0 ? undefined : schema.minLength, schema.maxLength, 'chars')
  if (schema.type === 'array') range(schema.minItems === 0 ? undefined : schema.minItems, schema.maxItems, 'items')
  if (typeof schema.pattern === 'string') add(`/${schema.pattern}/`)
  if (typeof schema.format === 'string' && schema.format !== 'textarea') add(schema.format)
  return hints
}

// draftOf returns a draft with a value, or with the schema's default if value is undefined.
export function draftOf(field: Field, value: unknown = field.initial): Draft {
  const draft: Draft = { text: '', on: undefined, fields: {}, items: [], extra: {} }
  switch (field.kind) {
    case 'object': {
      const given = isObject(value) ? value : {}
      for (const child of field.fields) {
        const value = draftOf(child, Object.hasOwn(given, child.name) ? given[child.name] : undefined)
        // A param may be named __proto__, which an assignment would not make a field.
        Object.defineProperty(draft.fields, child.name, { value, enumerable: true, writable: true, configurable: true })
      }
      for (const [key, extra] of Object.entries(given)) if (!field.fields.some((child) => child.name === key)) draft.extra[key] = extra
      break
    }
    case 'list':
      if (field.item && Array.isArray(value)) for (const item of value) draft.items.push(draftOf(field.item, item))
      break
    case 'switch':
      draft.on = typeof value === 'boolean' ? value : undefined
      break
    case 'choice':
      draft.text = value === undefined ? '' : String(field.choices.findIndex((choice) => stringifyExact(choice) === stringifyExact(value)))
      break
    case 'json':
      draft.text = value === undefined ? '' : stringifyExact(value, 2)
      break
    default:
      draft.text = value === undefined ? '' : typeof value === 'string' ? value : stringifyExact(value)
  }
  return draft
}

// write returns a draft as JSON text, undefined if nothing was typed: a param that is not given is not sent. A secret can
// be left out of what is shown.
export function write(field: Field, draft: Draft, showSecrets = true): string | undefined {
  switch (field.kind) {
    case 'object': {
      const parts: string[] = []
      for (const child of field.fields) {
        const text = draft.fields[child.name] ? write(child, draft.fields[child.name]!, showSecrets) : undefined
        if (text !== undefined) parts.push(`${JSON.stringify(child.name)}:${text}`)
      }
      for (const [key, extra] of Object.entries(draft.extra)) parts.push(`${JSON.stringify(key)}:${stringifyExact(extra)}`)
      return parts.length === 0 && !field.required ? undefined : `{${parts.join(',')}}`
    }
    case 'list':
      if (draft.items.length === 0 && !field.required) return undefined
      return `[${draft.items.map((item) => (field.item && write(field.item, item, showSecrets)) ?? '""').join(',')}]`
    case 'switch':
      return draft.on === undefined ? undefined : String(draft.on)
    case 'choice': {
      const choice = draft.text === '' ? undefined : field.choices[Number(draft.text)]
      return choice === undefined ? undefined : stringifyExact(choice)
    }
    case 'number': {
      const typed = draft.text.trim()
      if (typed === '') return undefined
      if (field.secret && !showSecrets) return '"…"'
      return isNumber(typed) ? typed : JSON.stringify(typed)
    }
    case 'json': {
      const typed = draft.text.trim()
      if (typed === '') return undefined
      return isJSON(typed) ? typed : JSON.stringify(typed)
    }
    default:
      if (draft.text === '') return undefined
      return field.secret && !showSecrets ? '"…"' : JSON.stringify(draft.text)
  }
}

// isNumber reports whether text is a number of JSON (RFC 8259).
export function isNumber(text: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)
}

function isJSON(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// pointerTo returns the JSON Pointer (RFC 6901) of a child.
export function pointerTo(parent: string, child: string | number): string {
  return `${parent}/${String(child).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
