import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { asCurl, asKubectl, asYAML, quote } from './copy'

it.each([`plain`, `it's`, `$(reboot)`, '`x`', 'a\nb', `"; rm -rf / #`, '张三'])('quote makes one word of %s', (text) => {
  expect(execFileSync('sh', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' })).toBe(text)
})
it('asCurl', () => {
  expect(asCurl('http://h', '/tasks/a/execute/manual', `{"a":"it's"}`, true)).toBe(
    `curl -X POST http://h/tasks/a/execute/manual \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H 'Content-Type: application/json' \\\n  -d '{"params":{"a":"it'\\''s"}}'`)
  expect(asCurl('http://h', '/x', '{}', false)).not.toContain('TOKEN')
})
it('asYAML', () => {
  expect(asYAML('team', 'sync', '{"mid":1}', ['password'], true)).toBe(
    'apiVersion: taskexec.dev/v1alpha1\nkind: TaskExecution\nmetadata:\n  name: sync-1\n  namespace: team\nspec:\n  taskRef: {name: "sync"}\n  params: {"mid":1}\n  secretParams: {secretName: sync-params, names: ["password"]}\n')
})
it('asKubectl', () => expect(asKubectl('', 'sync', '{}', [])).toMatch(/^kubectl create -f - <<'EOF'\n[^]*generateName: sync-[^]*\nEOF$/))
