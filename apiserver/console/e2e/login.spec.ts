import { enter, expect, open, test } from './console'
import { api, world, type Role } from './world'

test.use({ role: 'nobody' })

// What each role may do, as the buttons on the screens say it.
const rights: Record<Role, { run: boolean; schedule: boolean }> = {
  viewer: { run: false, schedule: false },
  runner: { run: true, schedule: false },
  editor: { run: true, schedule: true },
  admin: { run: true, schedule: true },
}

for (const [role, may] of Object.entries(rights) as [Role, { run: boolean; schedule: boolean }][]) {
  test(`with the token of a ${role}`, async ({ page, context }) => {
    await open(page, 'tasks')
    await page.getByLabel('Token').fill(` ${world.tokens[role]}\n`)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByText(`${world.namespace}:${world.users[role]}`)).toBeVisible()
    await expect(page.getByRole('link', { name: world.tasks.report, exact: true })).toBeVisible()
    await expect(page.getByRole('link', { name: `Run ${world.tasks.report}` })).toHaveCount(may.run ? 1 : 0)
    const rightsKnown = page.waitForResponse(/\/tasks\?may=true$/)
    await page.getByRole('link', { name: 'Schedules' }).click()
    await rightsKnown
    await expect(page.getByRole('heading', { name: 'Schedules' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'New schedule' })).toHaveCount(may.schedule ? 1 : 0)

    // No script can read the session, and it lasts over a reload.
    expect(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(world.tokens[role].slice(-20))
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ name: 'taskexec-session', httpOnly: true, sameSite: 'Strict' })
    await page.reload()
    await expect(page.getByText(`${world.namespace}:${world.users[role]}`)).toBeVisible()
  })
}

test.describe('what is refused', () => {
  test.use({ expected: /status of 40[01]/ })

  test('a wrong token', async ({ page }) => {
    await open(page, 'tasks')
    await page.getByLabel('Token').fill('nonsense')
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByRole('alert')).toContainText('not logged in')
    await expect(page.getByLabel('Token')).toBeVisible()
  })

  test('a link that logs in works once', async ({ page, browser }) => {
    const { path } = await api<{ path: string }>('POST', '/session/links')
    await page.goto(path)
    await expect(page.getByText(`${world.namespace}:${world.users.admin}`)).toBeVisible()
    expect(page.url()).not.toContain('login')

    const other = await (await browser.newContext()).newPage()
    await other.goto(path)
    await expect(other.getByRole('alert')).toContainText('used already')
    await expect(other.getByLabel('Token')).toBeVisible()
    await other.context().close()
  })

  test('a session that is over asks for a login and comes back to the page', async ({ page, context }) => {
    await enter(context, 'viewer')
    await open(page, 'runs?status=failed')
    await expect(page.getByRole('button', { name: 'Failed', pressed: true })).toBeVisible()
    await context.clearCookies()
    await page.getByRole('button', { name: 'Completed' }).click()
    await expect(page.getByRole('alert')).toContainText('The session is over')
    await page.getByLabel('Token').fill(world.tokens.viewer)
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByRole('button', { name: 'Completed', pressed: true })).toBeVisible()
    await expect(page).toHaveURL(/status=failed%2Ccompleted/)
  })
})

test('logging out ends the session', async ({ page, context }) => {
  await enter(context, 'viewer')
  await open(page, 'queue')
  await page.getByRole('button', { name: 'Log out' }).click()
  await expect(page.getByLabel('Token')).toBeVisible()
  expect(await context.cookies()).toEqual([])
})
