/**
 * How much of what a socket was given is still on this machine. The kernel takes megabytes at once and sends them at the pace of the link, so "written"
 * says little about what has arrived; what the other side has acknowledged does. Linux tells it to everybody, in /proc/net/tcp; elsewhere nobody does.
 */

import { readFileSync } from "node:fs"

export interface TcpPorts {
  readonly localPort?: number | undefined
  readonly remotePort?: number | undefined
}

/** Bytes not acknowledged yet; undefined where that cannot be known. */
export const unacknowledged = ({ localPort, remotePort }: TcpPorts): number | undefined => {
  if (localPort === undefined || remotePort === undefined) return undefined
  for (const table of TABLES) {
    const queued = queuedIn(readTable(table), localPort, remotePort)
    if (queued !== undefined) return queued
  }
  return undefined
}

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"]

const readTable = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

/** A row: "0: 0100007F:1F90 0100007F:D431 01 0000A3F0:00000000 …": addresses with ports, state, queue out and in, all hexadecimal. */
export const queuedIn = (table: string, localPort: number, remotePort: number): number | undefined => {
  const row = new RegExp(
    `^\\s*\\d+: [0-9A-F]+:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]{8}):`,
    "m"
  )
  const found = row.exec(table)
  return found?.[1] === undefined ? undefined : Number.parseInt(found[1], 16)
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0")
