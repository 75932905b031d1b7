import { enter, expect, logLines, test as base } from './console'
import { cancel, ended, lines, origin, printed, start, world } from './world'
import { wire, type Wire } from './wire'

const test = base.extend<{ line: Wire }>({
  line: async ({ context }, use) => {
    await enter(context, 'runner') // cookies do not tell ports apart
    const line = await wire(origin)
    await use(line)
    await line.close()
  },
})
test.use({ role: 'nobody', expected: /ERR_(CONNECTION|EMPTY|INCOMPLETE|SOCKET)|status of 400.*dryRun/ })

test('the history catches up after the connection was cut', async ({ page, line }) => {
  const before = await start(world.tasks.many, {}, { cut: 'history' })
  await page.goto(`${line.origin}/console/runs?taskName=${world.tasks.many}`)
  await expect(page.getByRole('listitem').filter({ hasText: before.slice(0, 8) })).toContainText('Running')
  await expect(page.getByText('live', { exact: true })).toBeVisible()

  line.cut()
  await expect(page.getByText('not live', { exact: true })).toBeVisible()
  const meanwhile = await start(world.tasks.many, {}, { cut: 'history' })
  await cancel(before)
  await ended(before)
  line.mend()
  await expect(page.getByText('live', { exact: true })).toBeVisible()
  await expect(page.getByRole('listitem').filter({ hasText: meanwhile.slice(0, 8) })).toBeVisible()
  await expect(page.getByRole('listitem').filter({ hasText: before.slice(0, 8) })).toContainText('Cancelled')
  await cancel(meanwhile)
})

test.describe('a followed log', () => {
  test.use({ viewport: { width: 1280, height: 3000 } })

  test('goes on where the connection was cut', async ({ page, line }) => {
    const id = await start(world.tasks.endless)
    await page.goto(`${line.origin}/console/runs/${id}/log`)
    await expect(logLines(page).filter({ hasText: /line 4$/ })).toBeVisible()
    line.cut()
    await expect(page.getByText('Following the log')).toHaveCount(0)
    await printed(id, /line 12$/)
    line.mend()
    await expect(logLines(page).filter({ hasText: /line 16$/ })).toBeVisible()
    await expect(page.getByText('Following the log')).toBeVisible()
    await cancel(id)
    await ended(id)
    await expect(page.getByText('The log has ended')).toBeVisible()
    await expect(async () => expect(await logLines(page).allInnerTexts()).toEqual(await lines(id))).toPass()
  })
})

test('what was typed is kept while the connection is cut, and starts one run', async ({ page, line }) => {
  await page.goto(`${line.origin}/console/tasks/${world.tasks.report}`)
  await page.getByLabel('space').fill('cut in between')
  await expect(page.getByText('Would start now')).toBeVisible()
  line.cut()
  const button = page.getByRole('main').getByRole('button', { name: 'Run', exact: true })
  await button.click()
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached')
  line.mend()
  await button.click()
  await page.waitForURL(/\/runs\//)
  await expect(page.getByText('cut in between').first()).toBeVisible()
})

test('a page that could not be loaded is tried again', async ({ page, line }) => {
  await page.goto(`${line.origin}/console/tasks`)
  await expect(page.getByRole('heading', { name: 'Tasks' })).toBeVisible()
  line.cut()
  await page.getByRole('link', { name: 'Schedules' }).click()
  const reload = page.getByRole('button', { name: 'Reload' })
  await expect(reload).toBeVisible()
  line.mend()
  await reload.click()
  await expect(page.getByRole('heading', { name: 'Schedules' })).toBeVisible()
})
