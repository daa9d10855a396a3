import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { existsSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { queuedIn, unacknowledged } from "../../src/store/SocketQueue.ts"

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1D52 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:A3B4 0100007F:1D52 01 0000A3F0:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:1D52 0100007F:A3B4 01 00000007:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
`

describe("a table of sockets", () => {
  it("is read by local and remote port", () => {
    expect(queuedIn(TABLE, 0xa3b4, 0x1d52)).toBe(0xa3f0)
    expect(queuedIn(TABLE, 0x1d52, 0xa3b4)).toBe(7)
    expect(queuedIn(TABLE, 0x1d52, 1)).toBeUndefined()
    expect(queuedIn("", 1, 2)).toBeUndefined()
  })
})

describe.skipIf(!existsSync("/proc/net/tcp"))("a socket on Linux", () => {
  let server: Server
  const held: Array<Socket> = []
  beforeAll(async () => {
    server = createServer({ pauseOnConnect: true }, (socket) => void held.push(socket))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  })
  afterAll(() => {
    held.forEach((socket) => socket.destroy())
    server.close()
  })

  it("whose other end does not read has bytes that are not acknowledged", async () => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1")
    await new Promise((resolve) => socket.once("connect", resolve))
    expect(unacknowledged(socket)).toBe(0)
    const piece = Buffer.alloc(256 * 1024)
    for (let pieces = 0; pieces < 400 && (unacknowledged(socket) ?? 0) === 0; pieces++) {
      await new Promise<void>((resolve) => {
        socket.write(piece)
        setImmediate(resolve)
      })
    }
    expect(unacknowledged(socket)).toBeGreaterThan(0)
    socket.destroy()
  })
})
