import { describe, expect, it } from 'vitest'
import { parse } from './route'

describe('parse', () => {
  it.each([
    ['', 'tasks', '', ''],
    ['tasks', 'tasks', '', ''],
    ['tasks/', 'tasks', '', ''],
    ['tasks/report-export', 'task', 'report-export', ''],
    ['tasks/executions', 'task', 'executions', ''],
    ['runs', 'runs', '', ''],
    ['runs/a1', 'run', 'a1', ''],
    ['runs/a1/log', 'log', 'a1', ''],
    ['runs/a1/other', 'none', 'a1', ''],
    ['runs/a1/log/more', 'none', 'a1', ''],
    ['ns/team-a', 'tasks', '', 'team-a'],
    ['ns/team-a/runs/a1/log', 'log', 'a1', 'team-a'],
    ['schedules', 'schedules', '', ''],
    ['queue', 'queue', '', ''],
    ['nowhere', 'none', '', ''],
    ['runs/%3Cb%3E', 'run', '<b>', ''],
    ['runs/%', 'run', '%', ''],
  ])('%s', (path, screen, name, namespace) => {
    expect(parse(path, '?status=failed')).toMatchObject({ screen, name, namespace })
    expect(parse(path, '?status=failed').query.get('status')).toBe('failed')
  })
})
