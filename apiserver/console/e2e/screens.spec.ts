import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, logLines, open, test } from './console'
import { cancel, ended, printed, start, world } from './world'

// The screens, and what is there when each is drawn.
let failed = ''
let running = ''
let holding = ''
let waiting = ''
const screens: { name: string; path: () => string; ready: (page: Page) => Promise<void> }[] = [
  { name: 'tasks', path: () => 'tasks', ready: (page) => expect(page.getByRole('link', { name: world.tasks.report, exact: true })).toBeVisible() },
  { name: 'task', path: () => `tasks/${world.tasks.report}?from=${failed}`, ready: (page) => expect(page.locator('.outcome')).toBeVisible() },
  { name: 'run', path: () => `runs/${failed}`, ready: (page) => expect(page.locator('.sentence')).toBeVisible() },
  { name: 'active run', path: () => `runs/${running}`, ready: (page) => expect(page.locator('.sentence')).toBeVisible() },
  { name: 'log', path: () => `runs/${failed}/log?q=export`, ready: (page) => expect(logLines(page).first()).toBeVisible() },
  { name: 'history', path: () => `runs?taskName=${world.tasks.report}`, ready: (page) => expect(page.getByRole('listitem').first()).toBeVisible() },
  { name: 'nothing found', path: () => 'runs?taskName=nothing', ready: (page) => expect(page.locator('.empty')).toBeVisible() },
  { name: 'schedules', path: () => 'schedules', ready: (page) => expect(page.locator('table, .empty')).toBeVisible() },
  { name: 'queue', path: () => `queue?taskName=${world.tasks.busy}`, ready: (page) => expect(page.getByRole('row').filter({ hasText: waiting.slice(0, 8) })).toBeVisible() },
  { name: 'unknown', path: () => 'elsewhere', ready: (page) => expect(page.locator('.empty')).toBeVisible() },
]

// The dialogs, and the button that opens each.
const dialogs = [
  { name: 'cancel', path: () => `runs/${running}`, en: 'Cancel', zh: '取消' },
  { name: 'cancel all', path: () => `runs?taskName=${world.tasks.busy}`, en: 'Cancel all that match', zh: '取消全部匹配项' },
  { name: 'make a schedule', path: () => 'schedules', en: 'New schedule', zh: '新建定时计划' },
]

// The dry run refuses an empty form, and a failed run may have no success before it. Browsers report both.
test.use({ expected: /status of (400.*dryRun|404.*diff)/ })

// Each worker has runs of its own.
test.beforeAll(async () => {
  failed = await start(world.tasks.report, { space: 'export of the screens', format: 'json' })
  running = await start(world.tasks.patient)
  holding = await start(world.tasks.busy)
  waiting = await start(world.tasks.busy)
  await ended(failed)
  await printed(running, 'begun')
})
test.afterAll(() => cancel(running, holding, waiting))

// accessible expects that axe finds nothing against WCAG 2.2 AA and its best practices.
async function accessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('\n')}`)).toEqual([])
}

// within expects that nothing is wider than the window.
async function within(page: Page) {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 'pixels that are cut off').toBeLessThanOrEqual(0)
}

// picture keeps what is shown, if a folder for pictures is named.
async function picture(page: Page, name: string) {
  if (process.env.E2E_PICTURES) await page.screenshot({ path: `${process.env.E2E_PICTURES}/${name}.png`, fullPage: true })
}

for (const [title, use] of [
  ['light, in English', { colorScheme: 'light', locale: 'en-GB' }],
  ['dark, in Chinese', { colorScheme: 'dark', locale: 'zh-CN' }],
  ['dark, on a phone', { colorScheme: 'dark', locale: 'en-GB', viewport: { width: 390, height: 780 } }],
] as const) {
  test.describe(title, () => {
    test.use(use)
    for (const screen of screens) {
      test(screen.name, async ({ page }) => {
        await open(page, screen.path())
        await screen.ready(page)
        await expect(page.locator('html')).toHaveAttribute('lang', use.locale === 'zh-CN' ? 'zh-CN' : 'en')
        await expect(page.locator('html')).toHaveAttribute('data-theme', use.colorScheme)
        await accessible(page)
        await within(page)
        await picture(page, `${title} ${screen.name}`)
      })
    }

    for (const { name, path, en, zh } of dialogs) {
      test(`the dialog to ${name}`, async ({ page }) => {
        await open(page, path())
        await page.getByRole('button', { name: use.locale === 'zh-CN' ? zh : en, exact: true }).click()
        await expect(page.getByRole('dialog')).toBeVisible()
        await accessible(page)
        await within(page)
        await picture(page, `${title} ${name}`)
        await page.keyboard.press('Escape')
        await expect(page.getByRole('dialog')).toHaveCount(0)
      })
    }

    test.describe('with nobody logged in', () => {
      test.use({ role: 'nobody' })
      test('login', async ({ page }) => {
        await open(page, 'tasks')
        await expect(page.locator('input[type=password]')).toBeVisible()
        await accessible(page)
        await within(page)
        await picture(page, `${title} login`)
      })
    })
  })
}

test.describe('languages', () => {
  test.use({ locale: 'zh-CN', role: 'runner' })

  test('the browser chooses, a person changes it, and the choice stays', async ({ page }) => {
    await open(page, `runs/${failed}`)
    await expect(page.getByRole('heading', { name: '时间线' })).toBeVisible()
    await expect(page.getByRole('navigation', { name: '主菜单' })).toContainText('执行历史')
    await expect(page.getByText(/^时区 .*UTC\+8/)).toBeVisible()
    await page.getByRole('button', { name: 'English' }).click()
    await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
    await page.reload()
    await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible()
    await page.getByRole('button', { name: '中文' }).click()
    await expect(page.getByRole('heading', { name: '时间线' })).toBeVisible()
  })

  test('a run from the form in Chinese', async ({ page }) => {
    await open(page, `tasks/${world.tasks.report}`)
    await page.getByLabel('space').fill('华东')
    await expect(page.getByText('将立即开始')).toBeVisible()
    await page.getByRole('main').getByRole('button', { name: '执行', exact: true }).click()
    await expect(page.getByRole('main').getByText('已完成').first()).toBeVisible()
    await expect(page.getByText('exporting 7 days of 华东 as csv')).toBeVisible()
  })
})

test('by the keyboard alone', async ({ page }) => {
  await open(page, 'tasks')
  await expect(page.getByRole('link', { name: world.tasks.report, exact: true })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('searchbox', { name: 'Find a task' })).toBeFocused()
  await page.keyboard.type(world.tasks.report)
  await expect(page.getByRole('link', { name: /^Run / })).toHaveCount(1)
  await page.getByRole('link', { name: `Run ${world.tasks.report}` }).focus()
  await page.keyboard.press('Enter')
  await page.getByLabel('space').focus()
  await page.keyboard.type('keys')
  await expect(page.getByText('Would start now')).toBeVisible()
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/runs\//)
  await expect(page.getByRole('main')).toBeFocused()
})
