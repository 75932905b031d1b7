// What the viewer has chosen, kept in the browser: the theme. Without a choice it is that of the system.
export type Theme = 'light' | 'dark' | 'system'

const dark = window.matchMedia('(prefers-color-scheme: dark)')

// stored reads a setting. A browser may refuse to keep anything.
export function stored(name: string): string | null {
  try {
    return localStorage.getItem(`taskexec.${name}`)
  } catch {
    return null
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(`taskexec.${name}`, value)
  } catch {
    // the choice lasts as long as the page
  }
}

class Settings {
  theme = $state<Theme>((stored('theme') as Theme | null) ?? 'system')
  // shown is the theme that is in effect.
  shown = $state<'light' | 'dark'>('light')

  constructor() {
    dark.addEventListener('change', () => this.apply())
    this.apply()
  }

  choose(theme: Theme): void {
    this.theme = theme
    store('theme', theme)
    this.apply()
  }

  apply(): void {
    this.shown = this.theme === 'system' ? (dark.matches ? 'dark' : 'light') : this.theme
    document.documentElement.dataset.theme = this.shown
  }
}

export const settings = new Settings()
