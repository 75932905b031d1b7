import { expect, it, vi } from 'vitest'

vi.stubGlobal('location', { pathname: '/console/', search: '' })
const { ApiError } = await import('../api/client')
const { Action } = await import('./action.svelte')

it('does one thing at a time, and keeps why it failed until the next', async () => {
  const action = new Action()
  let finish = () => {}
  const first = action.run(() => new Promise((resolve) => (finish = resolve)))
  expect(action.busy).toBe(true)
  expect(await action.run(() => Promise.reject(new Error('must not run')))).toBe(false)
  finish()
  expect([await first, action.busy, action.error]).toEqual([true, false, undefined])

  const refused = new ApiError(409, { title: 'Conflict', status: 409, detail: 'it has ended' } as ConstructorParameters<typeof ApiError>[1])
  expect(await action.run(() => Promise.reject(refused))).toBe(false)
  expect([action.busy, action.error]).toEqual([false, refused])
  expect(await action.run(() => Promise.resolve())).toBe(true)
  expect(action.error).toBeUndefined()
})

it('does not hide a fault of the console', async () => {
  const action = new Action()
  await expect(action.run(() => Promise.reject(new TypeError('a fault')))).rejects.toThrow('a fault')
  expect(action.busy).toBe(false)
})
