import { expect, logLines, open, test } from './console'
import { cancel, ended, kubectl, lines, printed, start, world } from './world'

// High enough that every line of a short log is drawn.
const tall = { viewport: { width: 1280, height: 3000 } }

test.describe('a followed log', () => {
  test.use(tall)

  test('keeps its lines while the pod is deleted, and has none twice', async ({ page }) => {
    const id = await start(world.tasks.endless)
    await open(page, `runs/${id}/log`)
    await expect(logLines(page).filter({ hasText: /line 6$/ })).toBeVisible()
    await expect(page.getByText('Following the log')).toBeVisible()
    const [pod = ''] = (await logLines(page).first().innerText()).split(' ')
    await kubectl('delete', 'pod', pod, '--wait=false')
    await expect(logLines(page).filter({ hasNotText: pod }).filter({ hasText: /line 6$/ })).toBeVisible()
    await cancel(id)
    await ended(id)
    await expect(page.getByText('The log has ended')).toBeVisible()
    await expect(async () => expect(await logLines(page).allInnerTexts()).toEqual(await lines(id))).toPass()
    const shown = await logLines(page).allInnerTexts()
    expect(new Set(shown).size).toBe(shown.length)
    // A pod's lines have no hole.
    for (const name of new Set(shown.map((line) => line.split(' ')[0]))) {
      const numbers = shown.filter((line) => line.startsWith(`${name} line`)).map((line) => Number(line.split(' ').at(-1)))
      expect(numbers, name).toEqual(numbers.map((_, i) => i + 1))
    }
  })
})

test.describe('a long log', () => {
  let id = ''
  test.beforeAll(async () => {
    id = await start(world.tasks.long)
    await ended(id)
    await printed(id, 'needle in the end')
  })

  test('opens at its end, and loads older lines on scrolling up', async ({ page }) => {
    await open(page, `runs/${id}/log`)
    await expect(logLines(page).filter({ hasText: 'needle in the end' })).toBeInViewport()
    const log = page.getByRole('log')
    await expect(async () => {
      await log.evaluate((element) => element.scrollTo(0, 0))
      await expect(logLines(page).filter({ hasText: /^entry 1$/ })).toBeInViewport({ timeout: 1000 })
    }).toPass()
    await expect(page.getByText('Beginning of the log')).toBeVisible()
    await page.getByRole('button', { name: 'To the end' }).click()
    await expect(logLines(page).filter({ hasText: 'needle in the end' })).toBeInViewport()
  })

  test('is searched as a whole, and a match opens at its line', async ({ page }) => {
    await open(page, `runs/${id}/log`)
    await page.getByRole('searchbox', { name: 'Search the whole log' }).fill('entry 77')
    await page.keyboard.press('Enter')
    const matches = page.getByRole('complementary', { name: 'Matches' })
    await expect(matches.getByRole('status')).toContainText('11 matches in 3,001 lines')
    await matches.getByRole('button', { name: /entry 77$/ }).click()
    await expect(page.locator('.picked')).toContainText('entry 77')
    await expect(page.locator('.picked')).toBeInViewport()
  })

  test('a link to a line opens at the line', async ({ page, context, baseURL }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: baseURL ?? '' })
    await open(page, `runs/${id}/log`)
    await expect(logLines(page).filter({ hasText: /^entry 2995$/ })).toBeVisible()
    await page.locator('.line').filter({ hasText: /entry 2995$/ }).getByRole('button').first().click()
    await expect(page.getByText('The link to the line was copied')).toBeVisible()
    const address = await page.evaluate(() => navigator.clipboard.readText())
    await page.goto('about:blank')
    await page.goto(address)
    await expect(page.locator('.picked')).toContainText('entry 2995')
    await expect(page.locator('.picked')).toBeInViewport()
  })
})
