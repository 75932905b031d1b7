// The texts of the console. A language is loaded when it is shown. English is the type of all: a text that is missing in
// another language is an error of the compiler, and of a test.
import { store, stored } from '../lib/settings.svelte'
import type { Language } from '../lib/format'
import type { Messages } from './en'

const loaders: Record<Language, () => Promise<Messages>> = {
  en: async () => (await import('./en')).en,
  zh: async () => (await import('./zh')).zh,
}

class I18n {
  language = $state<Language>('en')
  texts = $state.raw<Messages>({} as Messages)

  // begin loads the language that was chosen, or else that of the browser.
  async begin(): Promise<void> {
    const chosen = stored('language')
    const preferred = navigator.languages.find((language) => /^(zh|en)\b/i.test(language)) ?? 'en'
    await this.#load(chosen === 'zh' || chosen === 'en' ? chosen : preferred.toLowerCase().startsWith('zh') ? 'zh' : 'en')
  }

  async choose(language: Language): Promise<void> {
    store('language', language)
    await this.#load(language)
  }

  async #load(language: Language): Promise<void> {
    this.texts = await loaders[language]()
    this.language = language
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  }
}

export const i18n = new I18n()

// m returns the texts of the present language.
export const m = (): Messages => i18n.texts
