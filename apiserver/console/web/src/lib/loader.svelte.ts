// Loader reads something and keeps the last answer: a failure after it does not remove what is shown.
import type { ApiError } from '../api'

export class Loader<T> {
  data = $state.raw<T | undefined>()
  error = $state.raw<ApiError | undefined>()
  loading = $state(false)
  #running: AbortController | undefined

  constructor(private readonly read: (signal: AbortSignal) => Promise<T>) {}

  // load reads, and gives up a reading that goes on.
  load = async (): Promise<void> => {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    this.loading = true
    try {
      const data = await this.read(running.signal)
      if (running.signal.aborted) return
      this.data = data
      this.error = undefined
    } catch (err) {
      if (!running.signal.aborted) this.error = err as ApiError
    } finally {
      if (this.#running === running) this.loading = false
    }
  }

  stop = (): void => this.#running?.abort()
}
