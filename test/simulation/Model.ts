/**
 * What is true of a world, kept in a few lines beside it: which commands were acknowledged, which rules, and so what everybody has to know in the end.
 * It shares no code with what it judges but the hashes that name entries and operations.
 */

import type { Entry } from "../../src/domain/Entry.ts"
import type { EntryId } from "../../src/domain/EntryId.ts"
import type { ForgetRule } from "../../src/domain/ForgetRule.ts"
import { type OperationIdentity, identityOf } from "../../src/domain/Operation.ts"
import { twinKey, undatedTwinKey } from "../../src/domain/Twin.ts"

interface Recorded {
  body: Entry
  /** Devices in whose logs it was captured. */
  readonly captures: Set<string>
  /** False: its only copy may have gone with a disk. */
  certain: boolean
  /** Whether all that was told of it is certain, too. */
  told: boolean
}

interface Issued {
  readonly rule: ForgetRule
  certain: boolean
}

/** What everybody has to know in the end. */
export interface Expected {
  readonly must: ReadonlyMap<EntryId, Recorded>
  /** What may be known beside that. */
  readonly may: ReadonlyMap<EntryId, Recorded>
}

export class Model {
  readonly entries = new Map<EntryId, Recorded>()
  readonly rules: Array<Issued> = []
  /** Identities of the operations in manifests that stood in the store. */
  readonly published = new Set<OperationIdentity>()
  /** Whether a disk was put back, so that what it alone knew is gone. */
  restored = false

  record(entry: Entry, captured: boolean): void {
    const known = this.entries.get(entry.id)
    const recorded = known ?? { body: entry, captures: new Set<string>(), certain: true, told: true }
    if (captured) recorded.captures.add(entry.device)
    recorded.certain = true
    recorded.body = known === undefined ? entry : joined(known.body, entry)
    this.entries.set(entry.id, recorded)
  }

  finish(id: EntryId, exit: number | null, duration: number | null, certain: boolean): void {
    const known = this.entries.get(id)
    if (known === undefined) return
    if (certain)
      known.body = joined(known.body, {
        ...known.body,
        exit: exit ?? known.body.exit,
        duration: duration ?? known.body.duration
      })
    else known.told = false
  }

  forget(rule: ForgetRule, certain = true): void {
    this.rules.push({ rule, certain })
  }

  /** Which of the entries acknowledged so far no disk and no manifest holds any more is asked of `holds`; the same of rules. */
  loses(holds: (identity: OperationIdentity) => boolean): void {
    this.restored = true
    for (const [id, recorded] of this.entries) {
      if (!holds(id)) recorded.certain = false
      recorded.told = false
    }
    for (const issued of this.rules) {
      if (!holds(identityOf({ kind: "forget", rule: issued.rule }))) issued.certain = false
    }
  }

  expected(): Expected {
    const must = new Map<EntryId, Recorded>()
    const may = new Map<EntryId, Recorded>()
    for (const [id, recorded] of this.entries) {
      const covered = this.covered(recorded)
      if (covered === "yes") continue
      if (covered === "no" && recorded.certain) must.set(id, recorded)
      else may.set(id, recorded)
    }
    return { must, may }
  }

  covered(recorded: Recorded): "yes" | "maybe" | "no" {
    let verdict: "yes" | "maybe" | "no" = "no"
    for (const { certain, rule } of this.rules) {
      const covers = coveredBy(rule, recorded)
      if (covers === "no") continue
      // Which devices had captured it may have gone with a disk, too.
      if (certain && (covers === "yes" || !this.restored)) return "yes"
      verdict = "maybe"
    }
    return verdict
  }
}

/** "capture": only since a certain device captured it. */
const coveredBy = (rule: ForgetRule, { body, captures }: Recorded): "yes" | "capture" | "no" => {
  if (rule.ids.includes(body.id)) return "yes"
  const imported = body.origin !== "live"
  if (body.start === null) return imported && rule.twins.includes(undatedTwinKey(body.command)) ? "yes" : "no"
  if (imported && rule.twins.includes(twinKey(Math.floor(body.start / 1e6), body.command))) return "yes"
  const slack = imported ? 1e6 : 0
  let verdict: "capture" | "no" = "no"
  for (const { device, from, to } of rule.windows) {
    if (body.start < from - slack || body.start > to + slack) continue
    if (device === null) return "yes"
    if (captures.has(device)) verdict = "capture"
  }
  return verdict
}

/** Known beats unknown, else the smaller. */
const joined = (a: Entry, b: Entry): Entry => {
  const fields = Object.keys(a).map((field) => {
    const [x, y] = [a[field as keyof Entry], b[field as keyof Entry]]
    if (x === null || y === null) return [field, x ?? y]
    return [field, typeof x === "number" ? Math.min(x, y as number) : [x, y as string].sort()[0]]
  })
  return Object.fromEntries(fields) as Entry
}

/** Imported entries that stand in the shadow of a live one, among these. */
export const shadowedAmong = (entries: ReadonlyArray<Entry>): ReadonlySet<EntryId> => {
  const live = entries.filter(({ origin }) => origin === "live")
  const isShadowed = (entry: Entry) =>
    entry.origin !== "live" &&
    live.some(
      ({ command, host, start }) =>
        command === entry.command && host === entry.host && Math.abs((start ?? 0) - (entry.start ?? 0)) <= 1e6
    )
  return new Set(entries.filter(isShadowed).map(({ id }) => id))
}
