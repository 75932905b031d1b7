import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { en } from './en'
import { zh } from './zh'

type Texts = { [key: string]: string | ((...values: never[]) => string) | Texts }

// keys returns every text by its path.
function keys(texts: Texts, before = ''): Map<string, unknown> {
  return new Map(Object.entries(texts).flatMap(([key, value]) => (typeof value === 'object' ? [...keys(value, `${before}${key}.`)] : [[before + key, value] as [string, unknown]])))
}

const english = keys(en as unknown as Texts)
const chinese = keys(zh as unknown as Texts)

describe('texts', () => {
  it('have the same keys in both languages', () => expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort()))

  it('are all translated', () => {
    const alike = new Set(['sources.api', 'sources.kubectl'])
    const same = [...english].filter(([key, text]) => typeof text === 'string' && text === chinese.get(key) && !alike.has(key)).map(([key]) => key)
    expect(same).toEqual([])
  })

  it('take the same values', () => {
    const functions = [...english].filter(([, text]) => typeof text === 'function')
    expect(functions.filter(([key]) => typeof chinese.get(key) !== 'function')).toEqual([])
  })

  it('are all used, and all that are used are there', () => {
    const source = [...files(join(import.meta.dirname, '..'))].filter((path) => /\.(svelte|ts)$/.test(path) && !/i18n|\.test\.|\.d\.ts$/.test(path)).map((path) => readFileSync(path, 'utf8')).join('\n')
    const used = new Set([...source.matchAll(/m\(\)\.(\w+)/g)].map(([, key]) => key))
    const top = Object.keys(en)
    expect(top.filter((key) => !used.has(key)), 'not used').toEqual([])
    expect([...used].filter((key) => !top.includes(key!)), 'not there').toEqual([])
  })
})

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* files(path)
    else yield path
  }
}
