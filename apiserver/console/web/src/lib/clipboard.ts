// toClipboard copies text, and reports whether that worked. The browser's clipboard exists only on HTTPS and on this machine;
// elsewhere the page copies like the keys do.
export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return byKeys(text)
  }
}

function byKeys(text: string): boolean {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'hidden'
  // A modal dialog allows no focus outside of it.
  const host = document.querySelector('dialog[open]') ?? document.body
  host.append(field)
  field.select()
  const copied = document.execCommand('copy')
  field.remove()
  if (before instanceof HTMLElement) before.focus()
  return copied
}
