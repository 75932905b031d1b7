// Saves a whole log as text, without holding it in memory where the browser can write a file.
import { logsURL } from '../api'
import { withQuery, type QueryValue } from '../api/client'

type Picker = (options: { suggestedName: string }) => Promise<{ createWritable: () => Promise<WritableStream<Uint8Array>> }>

export async function download(id: string, filter: Record<string, QueryValue>): Promise<void> {
  const name = `${id}.log`
  const picker = (window as unknown as { showSaveFilePicker?: Picker }).showSaveFilePicker
  const file = picker ? await picker({ suggestedName: name }).catch(() => undefined) : undefined
  if (picker && !file) return // the person closed the dialog
  const response = await fetch(withQuery(logsURL(id), { ...filter, timestamps: true }), { headers: { Accept: 'text/plain' } })
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`)
  if (file) {
    await response.body.pipeTo(await file.createWritable())
    return
  }
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
