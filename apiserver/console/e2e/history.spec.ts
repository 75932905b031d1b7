import { randomUUID } from 'node:crypto'
import { expect, open, test } from './console'
import { cancel, ended, printed, run, start, world } from './world'

const batch = () => `b${randomUUID().slice(0, 8)}`

test('cancels all runs that a filter finds, and no other', async ({ page }) => {
  const mine = batch()
  const other = await start(world.tasks.many, {}, { batch: 'other' })
  const ids = [await start(world.tasks.many, {}, { batch: mine }), await start(world.tasks.many, {}, { batch: mine })]
  await open(page, `runs?taskName=${world.tasks.many}`)
  const cancelAll = page.getByRole('button', { name: 'Cancel all that match' })
  await page.getByRole('textbox', { name: /^label/ }).fill(`batch=${mine}`)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`label=batch%3D${mine}`))
  await expect(page.getByRole('listitem')).toHaveCount(2)
  await cancelAll.click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('2 active runs match the filters and would be cancelled.')
  expect((await run(ids[0] ?? '')).status).toBe('running')
  await dialog.getByLabel('Reason').fill('a bad batch')
  await dialog.getByRole('button', { name: 'Cancel 2 runs' }).click()
  await expect(dialog.getByRole('status')).toContainText('2 runs cancelled.')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  for (const id of ids) {
    await expect(page.getByRole('listitem').filter({ hasText: id.slice(0, 8) })).toContainText('Cancelled')
    expect((await ended(id)).cancellation?.reason).toBe('a bad batch')
  }
  expect((await run(other)).status).toBe('running')
  await cancel(other)
})

test('runs all that a filter finds again, and cancels those that are chosen', async ({ page }) => {
  const mine = batch()
  const first = await start(world.tasks.many, {}, { batch: mine })
  await cancel(first)
  await ended(first)
  await open(page, `runs?label=batch%3D${mine}`)
  await page.getByRole('button', { name: 'Run all that match again' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('1 ended run matches')
  await dialog.getByRole('button', { name: 'Run it again' }).click()
  await expect(dialog.getByRole('status')).toContainText('1 run started.')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await expect(page.getByRole('listitem')).toHaveCount(2)

  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Cancel the run' }).click()
  await dialog.getByRole('button', { name: 'Cancel the run' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('listitem').filter({ hasText: 'Cancelled' })).toHaveCount(2)
})

test('an address with filters shows the same to somebody else', async ({ page }) => {
  const space = batch()
  const id = await start(world.tasks.report, { space })
  await ended(id)
  await open(page, 'runs')
  await page.getByRole('button', { name: 'Completed' }).click()
  await page.getByRole('searchbox', { name: 'Task' }).fill(world.tasks.report)
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: /^param/ }).fill(`space=${space}`)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('listitem')).toHaveCount(1)
  const address = page.url()
  await page.getByRole('button', { name: 'Clear all' }).click()
  await expect(page).toHaveURL(/\/runs$/)
  await page.goto(address)
  await expect(page.getByRole('listitem')).toHaveCount(1)
  await expect(page.getByRole('listitem')).toContainText(id.slice(0, 8))
  await expect(page.getByRole('button', { name: 'Completed', pressed: true })).toBeVisible()
})

test('the queue says who waits for what, and moves on', async ({ page }) => {
  const ids = [await start(world.tasks.one)]
  await printed(ids[0] ?? '', 'begun')
  ids.push(await start(world.tasks.one))
  ids.push(await start(world.tasks.one))
  await open(page, `tasks/${world.tasks.one}`)
  await expect(page.getByText('Would wait in the queue')).toBeVisible()
  await open(page, `queue?taskName=${world.tasks.one}`)
  const row = (id = '') => page.getByRole('row').filter({ hasText: id.slice(0, 8) })
  await expect(row(ids[1])).toContainText('The limit of the task')
  for (const id of ids.slice(1)) await expect(row(id).getByRole('cell').first()).toHaveText(/^[12]$/)
  await expect(row(ids[0])).toHaveCount(0)
  await cancel(ids[0] ?? '')
  await expect(row(ids[1])).toHaveCount(0)
  await row(ids[2]).getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click()
  await expect(row(ids[2])).toHaveCount(0)
  await cancel(ids[1] ?? '')
})
