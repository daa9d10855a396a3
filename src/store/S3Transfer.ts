/**
 * Watches bytes move, for two purposes: a request that makes no progress for HX_SYNC_TIMEOUT is ended, one that does is left alone however long it takes;
 * and whoever sends a large object hears how much of it has arrived.
 *
 * A body goes out in small pieces, each when the socket has taken the one before. What the kernel then still holds is counted as not sent yet
 * (SocketQueue). What lies between, in proxies and in kernels that do not tell, is excused (Link).
 *
 * Time is counted in ticks of this process: while it is busy (SQLite, say) nothing can be read or sent, and that is not the store's fault.
 */

import type { S3Client } from "@aws-sdk/client-s3"
import { type Agent, type ClientRequest, IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { Readable } from "node:stream"
import { Link } from "./S3Link.ts"
import { unacknowledged } from "./SocketQueue.ts"

/** Told the bytes that the other side has acknowledged, of one body; never less than before. */
export type OnSent = (sent: number) => void

export interface Transfers {
  /** The client, with all its requests watched from now on. */
  readonly watched: (client: S3Client) => S3Client
  /** Reports how this very body goes out, whenever it is sent. */
  readonly onSent: (body: Uint8Array, listener: OnSent) => void
}

export interface TransferLimits {
  /** Milliseconds without progress that end a request. */
  readonly timeout: number
  /** Whether a connection is being made, which has a time limit of its own. */
  readonly connecting: () => boolean
}

export const makeTransfers = (limits: TransferLimits): Transfers => {
  const listeners = new WeakMap<object, OnSent>()
  const link = new Link()
  return {
    onSent: (body, listener) => void listeners.set(body, listener),
    watched: (client) => {
      const handler = client.config.requestHandler
      const handle = watching(handler, { ...limits, link }, (body) => listeners.get(body))
      client.config.requestHandler = Object.create(handler, { handle: { value: handle } }) as Handler
      return client
    }
  }
}

/** Whether one of the agents is making a connection. */
export const isConnecting = (agents: { readonly httpAgent: Agent; readonly httpsAgent: Agent }): boolean =>
  [agents.httpAgent, agents.httpsAgent].some(({ sockets }) =>
    Object.values(sockets).some((all) => all?.some(({ connecting }) => connecting))
  )

/** Sends with another handler. */
const watching =
  (
    handler: Handler,
    limits: TransferLimits & { readonly link: Link },
    listenerOf: (body: Uint8Array) => OnSent | undefined
  ): Handler["handle"] =>
  async (request, options: { readonly abortSignal?: unknown } = {}) => {
    const body: unknown = request.body
    const outgoing = body instanceof Uint8Array ? new OutgoingBody(body) : undefined
    const onSent = outgoing === undefined ? undefined : listenerOf(outgoing.bytes)
    const stalled = new AbortController()
    const watch = new Watch({ ...limits, outgoing, onSent, giveUp: () => stalled.abort() })
    const given = options.abortSignal as AbortSignal | undefined
    const abortSignal = given === undefined ? stalled.signal : AbortSignal.any([given, stalled.signal])
    if (outgoing !== undefined) request.body = outgoing
    try {
      const answer = await handler.handle(request, { ...options, abortSignal })
      watch.answered(answer.response.statusCode, answer.response.body)
      return answer
    } catch (thrown) {
      watch.stop()
      throw stalled.signal.aborted && given?.aborted !== true ? noProgress(limits.timeout) : thrown
    } finally {
      // Whoever looks at the request afterwards finds what it was made with.
      request.body = body
    }
  }

type Handler = S3Client["config"]["requestHandler"]

/** Bytes handed to a socket at once. */
const PIECE = 64 * 1024

/** At most this long passes between two looks, in milliseconds. */
const TICK = 250

/** A request's life has at least so many ticks before it counts as standing still. */
const MIN_TICKS = 4

/** A body of known bytes, to be piped into a request. */
class OutgoingBody extends Readable {
  readonly bytes: Uint8Array
  request: ClientRequest | undefined
  socket: Socket | undefined
  /** Bytes that the socket had carried before this request. */
  base = 0
  private at = 0

  constructor(bytes: Uint8Array) {
    super({ highWaterMark: PIECE })
    this.bytes = bytes
  }

  override _read(): void {
    const end = Math.min(this.at + PIECE, this.bytes.length)
    if (this.at < end) this.push(this.bytes.subarray(this.at, end))
    this.at = end
    if (end === this.bytes.length) this.push(null)
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean | undefined }): T {
    const request = destination as unknown as ClientRequest
    this.request = request
    // Comes before anything of the request is written.
    request.once("socket", (socket) => {
      this.socket = socket
      this.base = socket.bytesWritten
    })
    return super.pipe(destination, options)
  }
}

interface Subject extends TransferLimits {
  readonly link: Link
  /** Undefined for a request without a body. */
  readonly outgoing: OutgoingBody | undefined
  readonly onSent: OnSent | undefined
  /** Called once, when the request stands still before its answer has come. */
  readonly giveUp: () => void
}

class Watch {
  private readonly subject: Subject
  /** Milliseconds. */
  private readonly tick: number
  private readonly timer: NodeJS.Timeout
  private readonly began = performance.now()
  private answer: IncomingMessage | undefined
  private sent = 0
  private position = ""
  /** Ticks since anything moved. */
  private idle = 0

  constructor(subject: Subject) {
    this.subject = subject
    this.tick = Math.max(1, Math.min(TICK, subject.timeout / MIN_TICKS))
    this.timer = setInterval(() => this.look(), this.tick)
    subject.link.enter(this)
  }

  /** The head of the answer is there. What has not been sent by now is not wanted. */
  answered(status: number, body: unknown): void {
    const { link, outgoing } = this.subject
    if (outgoing !== undefined && status < 300) link.carried(outgoing.bytes.length, performance.now() - this.began)
    if (!(body instanceof IncomingMessage)) return this.stop()
    this.answer = body
    this.idle = 0
    const request = outgoing?.request
    if (request !== undefined && !request.writableEnded) {
      outgoing?.unpipe(request)
      body.once("close", () => request.destroy())
    }
    body.once("close", () => this.stop())
  }

  stop(): void {
    clearInterval(this.timer)
    this.subject.link.leave(this)
  }

  private look(): void {
    if (this.answer?.complete === true) return this.stop()
    const { connecting, giveUp, link, timeout } = this.subject
    const position = this.measure()
    const moved = position !== this.position || (this.answer === undefined && connecting())
    this.position = position
    const share = link.waitingCounts(this, moved)
    this.idle = moved ? 0 : this.idle + share
    const excused = this.answer === undefined ? link.excuse(this.sent) : 0
    if (this.idle * this.tick <= timeout + excused) return
    this.stop()
    if (this.answer === undefined) giveUp()
    else this.answer.destroy(noProgress(timeout))
  }

  /** Where the transfer is. */
  private measure(): string {
    const { onSent, outgoing } = this.subject
    const socket = outgoing?.socket ?? this.answer?.socket
    if (socket === undefined) return ""
    if (outgoing === undefined || this.answer !== undefined) return `${socket.bytesRead}`
    const arrived = socket.bytesWritten - socket.writableLength - (unacknowledged(socket) ?? 0) - outgoing.base
    const sent = Math.min(outgoing.bytes.length, arrived)
    if (sent > this.sent) onSent?.(sent)
    this.sent = Math.max(this.sent, sent)
    return `${arrived} ${socket.bytesRead}`
  }
}

const noProgress = (timeout: number) =>
  Object.assign(new Error(`no progress for ${timeout} ms`), { name: "TimeoutError" })
