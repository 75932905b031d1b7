import type { Page } from '@playwright/test'
import { expect, logLines, open, test } from './console'
import { ended, start, world } from './world'

// What would change the direction of text, hide a part of it or move the cursor. The console shows each by its code.
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/
const text = '<script>window.harmed=1</script> \u202egnp.exe\u202c \u001b[31mred\u001b[0m'

// Some of the pages are of nothing that is there, and no run of the Task has succeeded.
test.use({ expected: /status of 40[034]/ })

// The fixtures fail the test at a dialog, an error in the console or something that the policy refuses. Here: nothing ran, and no
// element came from text.
async function inert(page: Page) {
  expect(await page.evaluate(() => 'harmed' in window)).toBe(false)
  await expect(page.locator('#app :is(script, img:not([src="/console/icon.svg"]), iframe, object, [onerror], [onload], [onmouseover], a[href^="javascript"])')).toHaveCount(0)
}

test('scripts, directions and escape sequences in a log stay text', async ({ page }) => {
  const id = await start(world.tasks.hostile, { text })
  await ended(id)
  await open(page, `runs/${id}/log`)
  await expect(logLines(page).filter({ hasText: '<img src=x onerror=window.harmed=1>' })).toBeVisible()
  const shown = await logLines(page).allTextContents()
  expect(shown.filter((line) => unseen.test(line))).toEqual([])
  expect(shown).toContain('<script>window.harmed=1</script>')
  // The controller has removed what turns text around and moves the cursor, and the console shows the rest by its code.
  for (const line of ['admingpj.exe', 'click', 'zero‹U+200B›width']) expect(shown).toContain(line)
  expect(new Set(await logLines(page).locator('bdi').evaluateAll((texts) => texts.map((text) => getComputedStyle(text).unicodeBidi)))).toEqual(new Set(['isolate']))

  // What is unfolded from JSON is text as well.
  await logLines(page).filter({ hasText: '<svg onload' }).getByRole('button').click()
  await expect(page.getByText('"html": "<script>window.harmed=1</script>"')).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search the whole log' }).fill('<script>')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('complementary', { name: 'Matches' }).getByRole('status')).toContainText(/[2-9] matches/)
  await inert(page)
})

test('scripts and directions in params, texts and results stay text', async ({ page }) => {
  const id = await start(world.tasks.hostile, { text, '<img src=x onerror=window.harmed=1>': '<script>window.harmed=1</script>' })
  await ended(id)
  await open(page, `runs/${id}`)
  await expect(page.getByText('‹U+202E›gnp.exe').first()).toBeVisible()
  await expect(page.getByText('<script>window.harmed=1</script>').first()).toBeVisible()
  await inert(page)
  for (const path of [`runs?taskName=${world.tasks.hostile}`, 'tasks', `tasks/${world.tasks.hostile}?from=${id}`, 'runs?label=%3Cscript%3E&param=%3Cimg%20src%3Dx%3E%3D1', 'tasks?q=%3Cscript%3E', 'tasks/%3Cscript%3Ewindow.harmed=1%3C%2Fscript%3E']) {
    await test.step(path, async () => {
      await open(page, path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.getByText('Loading…')).toHaveCount(0)
      await inert(page)
      const drawn = await page.getByRole('main').innerText()
      expect(unseen.exec(drawn.replaceAll(/[\n\t]/g, ''))?.[0].charCodeAt(0).toString(16), 'a character that cannot be seen').toBeUndefined()
    })
  }
})

test('a form with hostile names sends what was typed', async ({ page }) => {
  await open(page, `tasks/${world.tasks.hostile}`)
  for (const name of ['__proto__', 'constructor', 'text']) await page.getByLabel(name, { exact: true }).fill(`${name} typed`)
  await expect(page.getByText('Would start now')).toBeVisible()
  const sent = page.waitForRequest((request) => request.method() === 'POST' && !request.url().includes('dryRun'))
  await page.getByRole('main').getByRole('button', { name: 'Run', exact: true }).click()
  const body = (await sent).postData() ?? ''
  for (const name of ['__proto__', 'constructor', 'text']) expect(body).toContain(`"${name}":"${name} typed"`)
  await inert(page)
})

test('an address that comes from somebody else neither runs anything nor leads elsewhere', async ({ page, baseURL }) => {
  for (const path of ['runs/..%2F..%2Ftasks', 'runs/%2F%2Fevil.example%2Fx', 'tasks/javascript:alert(1)', 'ns/%3Cscript%3E/tasks', '/evil.example', '#login-error=%3Cscript%3Ewindow.harmed=1%3C/script%3E']) {
    await test.step(path, async () => {
      await page.goto(`/console/${path}`)
      await expect(page.getByRole('main')).toBeVisible()
      expect(new URL(page.url()).origin).toBe(baseURL)
      await inert(page)
    })
  }
})
