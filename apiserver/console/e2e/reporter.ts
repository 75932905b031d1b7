// Writes a line of JSON for each test that ended, which hack/e2e/console_test.go reads.
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, TestCase, TestError, TestResult } from '@playwright/test/reporter'

const textOf = (error: TestError) => stripVTControlCharacters([error.message ?? error.value ?? '', error.snippet ?? ''].join('\n'))

export default class Lines implements Reporter {
  onTestEnd(test: TestCase, result: TestResult) {
    const [, , file, ...titles] = test.titlePath()
    this.#write({ name: `${file}: ${titles.join(': ')}`, status: result.status, milliseconds: result.duration, errors: result.errors.map(textOf), pictures: result.attachments.flatMap(({ path }) => path ?? []) })
  }
  // An error that is not of a test, such as a spec that cannot be read.
  onError(error: TestError) {
    this.#write({ name: 'specs', status: 'failed', milliseconds: 0, errors: [textOf(error)], pictures: [] })
  }
  printsToStdio() {
    return true
  }
  #write(line: object) {
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
}
