// A wire between the browser and the facade that can be cut: connections break, and no new ones are made until it is mended.
import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

export type Wire = { origin: string; cut: () => void; mend: () => void; close: () => Promise<void> }

export async function wire(to: string): Promise<Wire> {
  const { hostname, port } = new URL(to)
  const sockets = new Set<Socket>()
  let whole = true
  const server = createServer((here) => {
    if (!whole) return void here.resetAndDestroy()
    const there = connect(Number(port), hostname)
    for (const [one, other] of [[here, there], [there, here]] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const drop = () => sockets.forEach((socket) => socket.resetAndDestroy())
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      whole = false
      drop()
    },
    mend: () => (whole = true),
    close: () => {
      drop()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
}
