import { describe, expect, it } from 'vitest'
import { formatAgo, formatBytes, formatDuration, formatTime, parseDuration } from './format'

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'], [850, '850 ms'], [1000, '1.0 s'], [9949, '9.9 s'], [9960, '10 s'], [59_400, '59 s'], [59_600, '1 m 00 s'],
    [185_000, '3 m 05 s'], [3_599_000, '59 m 59 s'], [3_599_600, '1 h 00 m'], [7_800_000, '2 h 10 m'], [273_600_000, '3 d 4 h'],
    [-5, '0 ms'], [null, '–'], [undefined, '–'], [NaN, '–'],
  ])('%s', (ms, want) => expect(formatDuration(ms)).toBe(want))
})

describe('parseDuration', () => {
  it.each([['90s', 90_000], ['1h30m', 5_400_000], ['250ms', 250], ['1.5 m', 90_000], ['2D', 172_800_000]])('%s', (text, want) => expect(parseDuration(text)).toBe(want))
  it.each(['', '5', 'abc', '5x', '-5s', '1h x'])('refuses %s', (text) => expect(parseDuration(text)).toBeNaN())
})

describe('formatTime', () => {
  const now = new Date('2026-03-04T12:00:00')
  it('leaves out today', () => expect(formatTime('2026-03-04T08:07:06', 'en', now)).toBe('08:07:06'))
  it('has the day before', () => expect(formatTime('2026-03-03T08:07:06', 'en', now)).toBe('3 Mar, 08:07:06'))
  it('has another year', () => expect(formatTime('2025-03-03T08:07:06', 'zh', now)).toContain('2025'))
  it('keeps what is no time', () => expect(formatTime('soon', 'en', now)).toBe('soon'))
  it('has a dash for none', () => expect(formatTime(undefined, 'en', now)).toBe('–'))
})

describe('formatAgo', () => {
  const now = Date.parse('2026-03-04T12:00:00Z')
  it.each([['2026-03-04T11:59:30Z', '30 sec ago'], ['2026-03-04T11:50:00Z', '10 min ago'], ['2026-03-04T15:00:00Z', 'in 3 hr'], ['x', '–']])('%s', (at, want) =>
    expect(formatAgo(at, 'en', now).replace('.', '')).toBe(want))
})

describe('formatBytes', () => {
  it.each([[0, '0 B'], [1023, '1023 B'], [1536, '1.5 KiB'], [52_428_800, '50 MiB']])('%s', (bytes, want) => expect(formatBytes(bytes)).toBe(want))
})
