// Who is logged in. The token itself is never here: the facade keeps it in a cookie that no script can read.
import { login, logout, session, type ApiError, type Session } from '../api'
import { whenUnauthorized } from '../api/client'
import { live } from './live.svelte'

class Login {
  state = $state<'unknown' | 'in' | 'out' | 'unreachable'>('unknown')
  who = $state.raw<Session>({ auth: 'token' })
  // failure is the word of a login that failed elsewhere, or the problem of one that failed here.
  failure = $state<string>('')
  error = $state.raw<ApiError | undefined>()

  // begin finds out who is logged in. A link that logs in has its code in the fragment, which no server sees; it is
  // removed from the address before it is used.
  async begin(): Promise<void> {
    whenUnauthorized(() => this.#lost())
    const fragment = location.hash
    if (fragment.startsWith('#login')) history.replaceState(null, '', location.pathname + location.search)
    if (fragment.startsWith('#login-error=')) this.failure = decodeURIComponent(fragment.slice('#login-error='.length))
    if (fragment.startsWith('#login=')) {
      if (await this.enter({ code: decodeURIComponent(fragment.slice('#login='.length)) })) return
    }
    await this.check()
  }

  async check(): Promise<void> {
    try {
      this.#take(await session())
    } catch (err) {
      this.state = 'unreachable'
      this.error = err as ApiError
    }
  }

  // enter logs in, and reports whether that worked.
  async enter(how: { token: string } | { code: string }): Promise<boolean> {
    this.error = undefined
    try {
      this.#take(await login(how))
      this.failure = ''
      return this.state === 'in'
    } catch (err) {
      this.error = err as ApiError
      return false
    }
  }

  async leave(): Promise<void> {
    live.close()
    await logout().catch(() => {})
    await this.check()
  }

  #take(who: Session): void {
    this.who = who
    this.state = who.auth === 'none' || who.user ? 'in' : 'out'
  }

  #lost(): void {
    if (this.state !== 'in') return
    live.close()
    this.state = 'out'
    this.failure = 'over'
  }
}

export const visitor = new Login()
