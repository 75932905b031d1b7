// Takes the pictures of the console in docs/images, with Debian's chromium, from a console that runs, such as hack/consoledemo.
// Usage: node scripts/pictures.mjs http://127.0.0.1:8090
import { chromium } from 'playwright-core'

const origin = process.argv[2]
const folder = new URL('../../../../docs/images/', import.meta.url).pathname
const newest = async (status) => (await (await fetch(`${origin}/tasks/executions?taskName=report-export&limit=1&status=${status}`)).json()).executions[0].executionId

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const completed = await newest('completed')
const failed = await newest('failed')
for (const [language, suffix] of [['en-GB', ''], ['zh-CN', '.zh']]) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 900 }, locale: language, timezoneId: 'Asia/Shanghai', colorScheme: 'light' })
  const page = await context.newPage()
  for (const [name, path, ready] of [
    ['console-task', `tasks/report-export?from=${completed}`, '.outcome'],
    ['console-run', `runs/${failed}`, '.sentence'],
  ]) {
    await page.goto(`${origin}/console/${path}`)
    await page.waitForSelector(ready)
    await page.waitForSelector(name === 'console-task' ? 'canvas' : '.after')
    await page.screenshot({ path: `${folder}${name}${suffix}.png` })
  }
  await context.close()
}
await browser.close()
