/**
 * What to do about the manifest found under our own name. Pure: states in, decision out; sync.md calls it the table of conflicts.
 *
 * Invariants, which tests cite by number:
 *  1. A publication of ours, confirmed or not, is never mistaken for somebody else's: its nonce is remembered before it is sent.
 *  2. Nothing of another installation is ever overwritten: where the log went on without us, we take a new id.
 *  3. A store that went back is never silently accepted, nor silently overwritten.
 *  4. `--force` only ever changes rows of (3): it never turns a clone into an overwrite.
 */

import type { ChainHash } from "../domain/LogChain.ts"

/** What this device believes to have published in this store. */
export interface KnownPublication {
  readonly sequence: number
  readonly nonce: string
}

export type RemoteManifest =
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Unreadable"; readonly detail: string }
  | {
      readonly _tag: "Found"
      readonly sequence: number
      readonly nonce: string
      /** Whether our log has the same operations up to the manifest's last one. */
      readonly agrees: boolean
    }

export type Decision =
  /** It is what we know (or there is nothing, and we never published): go on. */
  | { readonly _tag: "Proceed" }
  /** It is ours, though we did not know that it arrived; or ours from before a reset. */
  | { readonly _tag: "Adopt" }
  /** The log went on without us: continue under a new id. */
  | { readonly _tag: "Fork" }
  /** The store went back: stop, unless forced. */
  | { readonly _tag: "RolledBack"; readonly theirs: number | null }
  /** It does not open: stop, unless forced or the cursor was reset. */
  | { readonly _tag: "Corrupt"; readonly detail: string }
  /** It does not open, and we hold nothing that it could contradict (after a reset): the next push replaces it. */
  | { readonly _tag: "Replace" }

export const decide = (
  known: KnownPublication | null,
  intents: ReadonlyArray<{ readonly nonce: string }>,
  remote: RemoteManifest
): Decision => {
  switch (remote._tag) {
    case "Absent":
      return known === null ? { _tag: "Proceed" } : { _tag: "RolledBack", theirs: null }
    case "Unreadable":
      return known === null ? { _tag: "Replace" } : { _tag: "Corrupt", detail: remote.detail }
    case "Found":
      if (known !== null && remote.nonce === known.nonce) return { _tag: "Proceed" }
      if (intents.some((intent) => intent.nonce === remote.nonce)) return { _tag: "Adopt" }
      if (known === null) return remote.agrees ? { _tag: "Adopt" } : { _tag: "Fork" }
      if (remote.sequence < known.sequence) return { _tag: "RolledBack", theirs: remote.sequence }
      return { _tag: "Fork" }
  }
}

/** Where a log can be compared: the number of an operation and the running hash up to it. */
export interface Boundary {
  readonly at: number
  readonly chain: ChainHash
}

/** What two lists of boundaries of one log say about each other. */
export type Agreement =
  /** No boundary contradicts; `common` is the last one that both have (0 where none). */
  | { readonly _tag: "Agree"; readonly common: number }
  /** The log was written anew somewhere after `common`. */
  | { readonly _tag: "Diverge"; readonly common: number }

export const compareBoundaries = (ours: ReadonlyArray<Boundary>, theirs: ReadonlyArray<Boundary>): Agreement => {
  const known = new Map(ours.map((boundary) => [boundary.at, boundary.chain]))
  let common = 0
  for (const boundary of [...theirs].sort((a, b) => a.at - b.at)) {
    const chain = known.get(boundary.at)
    if (chain === undefined) continue
    if (chain !== boundary.chain) return { _tag: "Diverge", common }
    common = boundary.at
  }
  return { _tag: "Agree", common }
}

export type PeerVerdict =
  | { readonly _tag: "Current" }
  /** Older than what we or another device saw. */
  | { readonly _tag: "WentBack"; readonly seen: number }

/** Whether a peer's manifest may be believed: it must not be older than what anybody has seen of it. */
export const judgePeer = (sequence: number, seenByUs: number, seenByOthers: number): PeerVerdict => {
  const seen = Math.max(seenByUs, seenByOthers)
  return sequence < seen ? { _tag: "WentBack", seen } : { _tag: "Current" }
}
