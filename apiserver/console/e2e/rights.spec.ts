import type { Page } from '@playwright/test'
import { expect, logLines, open, test } from './console'
import { cancel, printed, run, start, world } from './world'

test.use({ role: 'viewer', expected: /status of 403/ })

// ask sends a request as a script in the page could: with the session's cookie.
const ask = (page: Page, method: string, path: string, body?: unknown) =>
  page.evaluate(async ([method, path, body]) => (await fetch(path, { method, body, headers: { 'Content-Type': 'application/json' } })).status, [method, path, body === undefined ? null : JSON.stringify(body)] as const)

test('a viewer sees no button to run or cancel, and the API refuses both', async ({ page }) => {
  const id = await start(world.tasks.patient)
  await printed(id, 'begun')
  await open(page, 'tasks')
  await expect(page.getByRole('link', { name: world.tasks.patient, exact: true })).toBeVisible()
  await expect(page.getByRole('link', { name: /^Run / })).toHaveCount(0)

  await open(page, `tasks/${world.tasks.patient}`)
  await expect(page.getByText('You may look at this task, but not run it.')).toBeVisible()
  await expect(page.getByRole('button', { name: /Run/ })).toHaveCount(0)

  await open(page, `runs/${id}`)
  await expect(page.getByRole('heading', { level: 1, name: world.tasks.patient })).toBeVisible()
  await expect(page.getByRole('main').getByText('Running', { exact: true }).first()).toBeVisible()
  await expect(page.getByRole('button', { name: /Cancel|Run/ })).toHaveCount(0)
  await expect(page.getByRole('link', { name: /Run with/ })).toHaveCount(0)

  await open(page, `runs?taskName=${world.tasks.patient}`)
  await expect(page.getByRole('listitem').filter({ hasText: id.slice(0, 8) })).toBeVisible()
  await expect(page.getByRole('checkbox')).toHaveCount(0)

  for (const [method, path, body] of [
    ['POST', `/tasks/${world.tasks.patient}/execute/manual`, {}],
    ['POST', `/tasks/executions/${id}/rerun`, {}],
    ['DELETE', '/tasks/executions/cancel/by-ids', { executionIds: [id] }],
    ['DELETE', `/tasks/executions/cancel/by-filter?taskName=${world.tasks.patient}`, {}],
    ['POST', '/triggers/cron', { name: world.tasks.patient, taskName: world.tasks.patient, schedule: '@daily' }],
    ['POST', '/session/links', {}],
  ] as const) expect(await ask(page, method, path, body), `${method} ${path}`).toBe(403)
  expect((await run(id)).status).toBe('running')

  await open(page, `runs/${id}/log`)
  await expect(logLines(page).filter({ hasText: 'begun' })).toBeVisible()
  await cancel(id)
})
