// Something that a person does with a button: it goes on, and it may fail. One at a time.
import { ApiError } from '../api/client'

export class Action {
  busy = $state(false)
  error = $state.raw<ApiError | undefined>()

  // run does work, and reports whether it succeeded. While something goes on, it does nothing.
  run = async (work: () => Promise<void>): Promise<boolean> => {
    if (this.busy) return false
    this.busy = true
    this.error = undefined
    try {
      await work()
      return true
    } catch (err) {
      if (!(err instanceof ApiError)) throw err // a fault of the console, not of the request
      this.error = err
      return false
    } finally {
      this.busy = false
    }
  }
}
