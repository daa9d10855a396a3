/**
 * What a power failure leaves of files, from the journal of Shim.c: at any call, whatever was not synced may be there or not.
 *
 * What is certain: the bytes of a file that were written before its last fsync; the names of a directory up to its last fsync. Of the rest:
 * writes arrive in any selection, each as a whole, in part (sectors of 512 bytes) or not at all, a file's length with the writes that arrived or without them; names change in
 * order, up to any point, directory by directory. No file system is worse than that, and POSIX promises no more.
 */

import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import type { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import type { Call } from "./Shim.ts"

/** How much of what is not certain has arrived. */
export type Arrival = "nothing" | "everything" | "names only" | "some"
export const ARRIVALS: ReadonlyArray<Arrival> = ["nothing", "everything", "names only", "some"]

/** A disk that began empty and takes in one call after the other. */
export class Disk {
  readonly #files = new Map<string, Inode>()
  readonly #folders = new Map<string, Folder>()
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  take(call: Call): void {
    switch (call.kind) {
      case "W":
        return void this.#file(call.inode).pending.push({ offset: call.offset, bytes: call.bytes })
      case "T":
        return void this.#file(call.inode).pending.push({ length: call.offset })
      case "S":
        return call.path === "" ? settleFile(this.#file(call.inode)) : settleFolder(this.#folder(call.path))
      case "C":
        // A number that is used again is a new file.
        this.#files.delete(call.inode)
        return void this.#folder(dirname(call.path)).pending.push({ name: call.path, inode: call.inode })
      case "D":
        return void this.#folder(dirname(call.path)).pending.push({ name: call.path, inode: FOLDER })
      case "L":
        return void this.#folder(dirname(call.to)).pending.push({ name: call.to, inode: call.inode })
      case "R":
        // Within one directory, here as in hx: the old name goes as the new one comes.
        return void this.#folder(dirname(call.to)).pending.push({ name: call.to, inode: call.inode, gone: call.path })
      case "U":
        return void this.#folder(dirname(call.path)).pending.push({ name: call.path, inode: undefined })
    }
  }

  /** Files by path, directories null, as after a failure that comes now. */
  afterPowerLoss(arrival: Arrival, random: SeededRandom): ReadonlyMap<string, Buffer | null> {
    const left = new Map<string, Buffer | null>()
    const visit = (path: string) => {
      const folder = this.#folders.get(path)
      for (const [name, inode] of folder === undefined ? [] : namesOf(folder, arrival, random)) {
        if (inode === FOLDER) {
          left.set(name, null)
          visit(name)
        } else left.set(name, contentOf(this.#file(inode), arrival, random))
      }
    }
    visit(this.#root)
    return left
  }

  #folder(path: string): Folder {
    return this.#folders.get(path) ?? put(this.#folders, path, { names: new Map(), pending: [] })
  }

  #file(inode: string): Inode {
    return this.#files.get(inode) ?? put(this.#files, inode, { certain: Buffer.alloc(0), pending: [] })
  }
}

/** Puts it on disk below another directory. */
export const restore = (left: ReadonlyMap<string, Buffer | null>, root: string, to: string): void => {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const [path, bytes] of left) {
    const target = join(to, relative(root, path))
    if (bytes === null) mkdirSync(target, { recursive: true, mode: 0o700 })
    else writeFileSync(target, bytes, { mode: 0o600 })
  }
}

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly length: number }

interface Inode {
  certain: Buffer
  pending: Array<Change>
}

interface Folder {
  readonly names: Map<string, string>
  pending: Array<NameChange>
}

interface NameChange {
  readonly name: string
  /** Undefined: it goes. */
  readonly inode: string | undefined
  readonly gone?: string
}

const FOLDER = "folder"
const SECTOR = 512

const put = <V>(map: Map<string, V>, key: string, value: V): V => {
  map.set(key, value)
  return value
}

const settleFile = (inode: Inode) => {
  for (const change of inode.pending) inode.certain = changed(inode.certain, change)
  inode.pending = []
}

const settleFolder = (folder: Folder) => {
  for (const change of folder.pending) rename(folder.names, change)
  folder.pending = []
}

const rename = (names: Map<string, string>, { gone, inode, name }: NameChange) => {
  if (gone !== undefined) names.delete(gone)
  if (inode === undefined) names.delete(name)
  else names.set(name, inode)
}

const changed = (content: Buffer, change: Change): Buffer => {
  if ("length" in change) {
    return change.length <= content.length
      ? Buffer.from(content.subarray(0, change.length))
      : Buffer.concat([content, Buffer.alloc(change.length - content.length)])
  }
  const { bytes, offset } = change
  const next = Buffer.alloc(Math.max(content.length, offset + bytes.length))
  content.copy(next)
  bytes.copy(next, offset)
  return next
}

const namesOf = ({ names, pending }: Folder, arrival: Arrival, random: SeededRandom): ReadonlyMap<string, string> => {
  const many = arrival === "nothing" ? 0 : arrival === "some" ? random.below(pending.length + 1) : pending.length
  const left = new Map(names)
  for (const change of pending.slice(0, many)) rename(left, change)
  return left
}

const contentOf = ({ certain, pending }: Inode, arrival: Arrival, random: SeededRandom): Buffer => {
  if (arrival === "nothing" || arrival === "names only") return certain
  let content = certain
  for (const change of pending) {
    if (arrival === "everything" || random.chance(0.5)) content = changed(content, change)
    else if ("bytes" in change && random.chance(0.5)) content = changed(content, partOf(change, random))
  }
  return content
}

const partOf = (
  { bytes, offset }: { readonly bytes: Buffer; readonly offset: number },
  random: SeededRandom
): Change => {
  const first = random.below(Math.ceil(bytes.length / SECTOR)) * SECTOR
  const last = first + random.between(1, Math.max(1, Math.ceil((bytes.length - first) / SECTOR))) * SECTOR
  return { offset: offset + first, bytes: bytes.subarray(first, last) }
}
