// The types of the REST API. They come from its own description, so that a change of the API breaks the build here.
import type { components, paths } from './openapi'

type Schemas = components['schemas']

export type Paths = paths
export type Problem = Schemas['Problem']
export type FieldError = Schemas['FieldError']
export type RunStatus = Schemas['ListedRecord']['status']
export type Phase = Schemas['ListedRecord']['phase']
export type Pod = Schemas['Pod']
export type Change = Schemas['Change']
export type Diff = Schemas['Diff']
export type Explanation = Schemas['Explanation']
export type Fact = Schemas['Fact']
export type Rehearsal = Schemas['Rehearsal']
export type Started = Schemas['Started']
export type StatsHistory = Schemas['StatsHistory']
export type LogEntry = Schemas['LogEntry']
export type Level = LogEntry['level']
export type ScheduleRequest = Schemas['ScheduleRequest']

export type Task = Schemas['Task']
export type ListedRun = Schemas['ListedRecord']
export type Run = Schemas['Record']
export type Schedule = Schemas['Schedule']
export type History = Schemas['History']
export type LogPage = Schemas['LogPage']

// Who is logged in, and how a login is done. user is absent if nobody is. loginPath is where OpenID Connect begins.
export type Session = Schemas['Session'] & { loginPath?: string }

// A match of a search in a log. cursor is the place after its line; start and end are UTF-16 units of its message.
export type Match = LogEntry & { cursor: string; ranges: { start: number; end: number }[] }
export type SearchPage = { matches: Match[]; nextCursor?: string; end: boolean; lines: number; bytes: number; complete?: boolean; message?: string }

export type CancelledByFilter = { matched: number; cancelled: string[]; remaining: number; dryRun?: boolean }
export type RerunByFilter = {
  matched: number
  started: { executionId: string; rerunOf: string }[]
  failed: { executionId: string; status: number; detail: string }[]
  dryRun?: boolean
}
