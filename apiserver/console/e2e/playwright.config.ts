import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

// With hack/steadynet, the browser does not notice that the network of this machine changes with each pod of a node on it.
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
const steadynet = new URL('../../../bin/steadynet', import.meta.url).pathname
const executablePath = existsSync(steadynet) ? steadynet : chromium

// The browser is Debian's chromium, or that of CHROMIUM: Playwright downloads nothing. Limits are for a busy machine with two
// cores; a test that passes does not wait for them.
export default defineConfig({
  testDir: '.',
  outputDir: '../../../bin/test/console',
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  timeout: 180_000,
  expect: { timeout: 60_000 },
  reporter: process.env.E2E_REPORT === 'lines' ? './reporter.ts' : 'list',
  use: {
    baseURL: process.env.E2E_URL ?? '',
    locale: 'en-GB',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 1280, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath, args: ['--no-sandbox'], env: { ...(process.env as Record<string, string>), STEADYNET: chromium } },
  },
})
