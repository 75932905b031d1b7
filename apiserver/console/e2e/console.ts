// The browser of each spec: logged in with the role's token, and failing at what nobody should see.
import { test as base, expect, type BrowserContext, type Page } from '@playwright/test'
import { world, type Role } from './world'

export { expect }

type Options = {
  // role is who is logged in. With 'nobody', nobody is.
  role: Role | 'nobody'
  // expected matches the errors in the browser's console that belong to the spec, such as a request that is refused.
  expected: RegExp | undefined
}

export const test = base.extend<Options>({
  role: ['admin', { option: true }],
  expected: [undefined, { option: true }],
  context: async ({ context, role }, use) => {
    if (role !== 'nobody') await enter(context, role)
    await use(context)
  },
  page: async ({ page, expected }, use) => {
    const seen = watched(page)
    await use(page)
    expect(seen.filter((error) => !expected?.test(error)), 'errors in the browser').toEqual([])
  },
})

// enter logs in without the form.
export async function enter(context: BrowserContext, role: Role): Promise<void> {
  const answer = await context.request.post('/session', { data: { token: world.tokens[role] } })
  expect(answer.status(), await answer.text()).toBe(200)
}

// watched collects what must not happen in a page: exceptions that nothing catches, errors and warnings in the browser's console,
// which are also what the Content-Security-Policy refuses, and windows that a script opens.
export function watched(page: Page): string[] {
  const seen: string[] = []
  page.on('pageerror', (error) => seen.push(`exception: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.push(`${message.type()}: ${message.text()} ${message.location().url}`)
  })
  page.on('dialog', (dialog) => {
    seen.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('popup', (popup) => seen.push(`window: ${popup.url()}`))
  return seen
}

// open shows a screen by its path below /console/, and waits until it is there.
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(`/console/${path}`)
  await expect(page.getByRole('main')).toBeVisible()
}

// idOf is the run that the page shows.
export async function idOf(page: Page): Promise<string> {
  await page.waitForURL(/\/console\/runs\/[^/?]+$/)
  return new URL(page.url()).pathname.split('/').at(-1) ?? ''
}

// logLines are the lines that are drawn, as a person reads them.
export const logLines = (page: Page) => page.getByRole('log').locator('.message')
