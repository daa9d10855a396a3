/** What is known of the file system that a path is on: its kind, whether other machines may have it mounted too, and how much room it has. */

import { Data, Effect } from "effect"
import { closeSync, openSync, type StatsFs, statfsSync, unlinkSync, writeSync } from "node:fs"
import { statfs } from "node:fs/promises"
import { join } from "node:path"
import { errno } from "./Errno.ts"

export interface FileSystem {
  /** As Linux's magic.h has it ("ext4", "NFS"); undefined for rarer ones and on other systems. */
  readonly kind: string | undefined
  /** Several machines may have it mounted: locks and shared memory are not to be trusted across them. */
  readonly network: boolean
  /** Bytes that this user may still write. */
  readonly free: number
  readonly size: number
}

/** Throws what statfs(2) reports. */
export const fileSystemSync = (path: string): FileSystem => describe(statfsSync(path))

/** The same without holding up the process, where a network is not there. */
export const fileSystemOf = Effect.fn("FileSystems.of")((path: string) =>
  Effect.tryPromise({
    try: async () => describe(await statfs(path)),
    catch: (cause) => new FileSystemUnknown({ path, cause })
  })
)

/** SQLite's largest page: less than that is no room at all. */
const LEAST = 65_536

/** Whether a file in this directory could grow at all; true where nobody knows. To be asked when something has failed, since it writes. */
export const hasRoom = (directory: string): boolean => {
  try {
    return fileSystemSync(directory).free >= LEAST && canGrow(directory)
  } catch (cause) {
    return !["ENOSPC", "EDQUOT"].includes(errno(cause) ?? "")
  }
}

/** What a quota leaves is not in statfs(2): a file that has lost its name, so that nothing is left of it, is made to grow. */
const canGrow = (directory: string): boolean => {
  const path = join(directory, `.hx-room-${process.pid}`)
  const file = openSync(path, "wx", 0o600)
  try {
    unlinkSync(path)
    return writeSync(file, new Uint8Array(LEAST)) === LEAST
  } finally {
    closeSync(file)
  }
}

/** What statfs(2) would not tell. */
export class FileSystemUnknown extends Data.TaggedError("FileSystemUnknown")<{
  readonly path: string
  readonly cause: unknown
}> {}

const describe = ({ bavail, blocks, bsize, type }: StatsFs): FileSystem => {
  const magic = process.platform === "linux" ? type >>> 0 : 0
  return {
    kind: NETWORK.get(magic) ?? LOCAL.get(magic),
    network: NETWORK.has(magic),
    free: bavail * bsize,
    size: blocks * bsize
  }
}

const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  // sshfs and the like.
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0x00c36400, "Ceph"],
  [0x5346414f, "AFS"],
  [0x73757245, "Coda"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x19830326, "BeeGFS"],
  [0x786f4256, "VirtualBox shared folder"],
  [0xbacbacbc, "VMware shared folder"]
])

const LOCAL: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "XFS"],
  [0x9123683e, "Btrfs"],
  [0x2fc12fc1, "ZFS"],
  [0xf2f52010, "F2FS"],
  [0x01021994, "tmpfs"],
  [0x794c7630, "overlayfs"],
  [0x4d44, "FAT"],
  [0x2011bab0, "exFAT"],
  [0x5346544e, "NTFS"],
  [0x7366746e, "NTFS"],
  [0xca451a4e, "bcachefs"],
  [0xf15f, "eCryptfs"]
])
