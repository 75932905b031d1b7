// The days of a calendar of outcomes, as columns of weeks that begin on Monday.
export type Day = { start: string; completed: number; failed: number; cancelled: number }
export type Cell = Day & { column: number; row: number; share: number }

// cellsOf places days. share is the part of failures among the runs that completed or failed, -1 if there are none.
export function cellsOf(days: Day[]): Cell[] {
  const first = days[0]
  if (!first) return []
  const monday = (new Date(first.start).getUTCDay() + 6) % 7
  return days.map((day, i) => {
    const judged = day.completed + day.failed
    return { ...day, column: Math.floor((i + monday) / 7), row: (i + monday) % 7, share: judged ? day.failed / judged : -1 }
  })
}
