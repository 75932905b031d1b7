// The types of the REST API. They come from its own description, so that a change of the API breaks the build here.
import type { components, paths } from './openapi'

type Schemas = components['schemas']

export type Paths = paths
// Query is what an operation takes in its query.
export type Query<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never
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
export type Ticks = Schemas['Ticks']
export type History = Schemas['History']
export type LogPage = Schemas['LogPage']

export type Session = Schemas['Session']
export type Match = Schemas['LogMatch']
