import { describe, expect, it } from 'vitest'
import { draftOf, formOf, isNumber, pointerTo, write } from './model'

const schema = {
  type: 'object',
  required: ['space', 'tags'],
  $defs: { day: { type: 'integer', minimum: 1, maximum: 366, description: 'days' } },
  properties: {
    space: { type: 'string', minLength: 1, maxLength: 64 },
    format: { type: 'string', enum: ['csv', 'json'], default: 'csv' },
    days: { $ref: '#/$defs/day', default: 7 },
    force: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 3 },
    nested: { type: 'object', properties: { deep: { type: 'number' } } },
    password: { type: 'string', writeOnly: true },
    any: { oneOf: [{ type: 'string' }, { type: 'object' }] },
    free: { type: 'object' },
  },
}
const form = formOf(schema)
const field = (name: string) => form.fields.find((f) => f.name === name)!

describe('formOf', () => {
  it.each([
    ['space', 'text'], ['format', 'choice'], ['days', 'number'], ['force', 'switch'], ['tags', 'list'], ['nested', 'object'],
    ['password', 'text'], ['any', 'json'], ['free', 'json'],
  ])('%s is %s', (name, kind) => expect(field(name).kind).toBe(kind))
  it('follows references and keeps what is beside them', () => expect(field('days')).toMatchObject({ initial: 7, hints: [{ text: '1–366', unit: '' }], description: 'days', integer: true }))
  it('knows what is required and secret', () => expect([field('space').required, field('format').required, field('password').secret]).toEqual([true, false, true]))
  it.each([undefined, null, true, 'x', [], {}])('of %s has no fields', (nothing) => expect(formOf(nothing)).toMatchObject({ kind: 'object', fields: [] }))
  it('ends on a reference to itself', () => {
    const circle = { type: 'object', properties: { a: { $ref: '#' } } }
    expect(formOf(circle).fields).toHaveLength(1)
  })
})

describe('write', () => {
  it('sends defaults, and nothing that was not given', () => expect(write(form, draftOf(form))).toBe('{"tags":[],"format":"csv","days":7}'))
  it('gives back what it was given', () => {
    const params = { space: 'rd', format: 'json', days: 3, force: false, tags: ['a', 'b'], nested: { deep: 1.5 }, any: { x: [1] }, free: { y: null }, other: 1 }
    expect(JSON.parse(write(form, draftOf(form, params))!)).toEqual(params)
  })
  it('keeps the digits of a number', () => {
    const draft = draftOf(form)
    draft.fields.days!.text = '9007199254740993'
    expect(write(form, draft)).toContain('"days":9007199254740993')
  })
  it('sends what is not a number as text, for the facade to refuse', () => {
    const draft = draftOf(form)
    draft.fields.days!.text = '1e'
    draft.fields.any!.text = '{"a":'
    expect(JSON.parse(write(form, draft)!)).toMatchObject({ days: '1e', any: '{"a":' })
  })
  it('hides secrets', () => {
    const draft = draftOf(form)
    draft.fields.password!.text = 'hunter2'
    expect(write(form, draft)).toContain('hunter2')
    expect(write(form, draft, false)).not.toContain('hunter2')
  })
  it('writes names that need escapes', () => {
    const odd = formOf({ type: 'object', properties: { 'a"b/c': { type: 'string' } } })
    const draft = draftOf(odd)
    draft.fields['a"b/c']!.text = '</script>'
    expect(JSON.parse(write(odd, draft)!)).toEqual({ 'a"b/c': '</script>' })
  })
})

describe('isNumber', () => {
  it.each(['0', '-1', '1.5', '1e5', '12345678901234567890'])('%s', (text) => expect(isNumber(text)).toBe(true))
  it.each(['', '01', '+1', '1.', '.5', 'NaN', '0x1', '1 2'])('not %s', (text) => expect(isNumber(text)).toBe(false))
})

it('pointerTo escapes', () => expect(pointerTo('/params', 'a/b~c')).toBe('/params/a~1b~0c'))

describe('names of objects', () => {
  const odd = formOf({ type: 'object', properties: JSON.parse('{"__proto__": {"type": "string"}, "constructor": {"type": "string"}, "text": {"type": "string"}}') as unknown })
  it('are fields like others', () => {
    const draft = draftOf(odd)
    expect(Object.getPrototypeOf(draft.fields)).toBe(Object.prototype)
    for (const { name } of odd.fields) draft.fields[name]!.text = `of ${name}`
    expect(write(odd, draft)).toBe('{"__proto__":"of __proto__","constructor":"of constructor","text":"of text"}')
  })
})
