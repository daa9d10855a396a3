/**
 * Which lifecycle rules a bucket needs for a vault, and what other rules may not do to it. Pure.
 *
 * Of hx's own, nothing ever reaches manifests and vault.json except their old versions:
 *  1. parts of uploads that were never finished go after a week;
 *  2. on versioned buckets old versions go after a week: long enough to bring one back by hand, and no longer, since what was forgotten
 *     lives on in them;
 *  3. segments go to STANDARD_IA where that pays (InfrequentAccess.ts).
 */

import { digest } from "../domain/EntryId.ts"
import { archiveClassOf } from "../store/ArchiveClass.ts"
import type {
  LifecycleConfiguration,
  LifecycleFilter,
  LifecycleRule,
  LifecycleTransition
} from "../store/BucketLifecycle.ts"
import { INFREQUENT } from "./ClassPrices.ts"
import { MANIFESTS, SEGMENTS, VAULT_DESCRIPTOR } from "./ObjectNames.ts"

export const ABORT_DAYS = 7
export const OLD_VERSION_DAYS = 7
/** By then most segments that will be merged have been; a move costs, and 30 days are billed at least. */
export const INFREQUENT_DAYS = 60

export interface Needs {
  /** Empty, or ending in "/". */
  readonly prefix: string
  /** Null where it could not be asked: the rules do no harm where no versions are kept. */
  readonly versioned: boolean | null
  readonly infrequentAccess: boolean
}

/** hx's rules for one vault. */
export const ownRules = ({ infrequentAccess, prefix, versioned }: Needs): ReadonlyArray<LifecycleRule> => [
  {
    ID: idOf("unfinished-uploads", prefix),
    Status: "Enabled",
    // Nothing else of hx goes up in parts.
    Filter: { Prefix: `${prefix}${SEGMENTS}` },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: ABORT_DAYS }
  },
  ...(versioned === false
    ? []
    : TARGETS.map(({ kind, name }): LifecycleRule => ({
        ID: idOf(`old-versions-${kind}`, prefix),
        Status: "Enabled",
        Filter: { Prefix: `${prefix}${name}` },
        // Marks of deletions with no version left behind them.
        Expiration: { ExpiredObjectDeleteMarker: true },
        NoncurrentVersionExpiration: { NoncurrentDays: OLD_VERSION_DAYS }
      }))),
  ...(infrequentAccess
    ? [
        {
          ID: idOf("infrequent-access", prefix),
          Status: "Enabled",
          Filter: { And: { Prefix: `${prefix}${SEGMENTS}`, ObjectSizeGreaterThan: INFREQUENT.leastBytes - 1 } },
          Transitions: [{ Days: INFREQUENT_DAYS, StorageClass: "STANDARD_IA" }]
        }
      ]
    : [])
]

export interface RuleChange {
  readonly id: string
  readonly change: "added" | "replaced" | "removed"
}

export interface Merged {
  readonly configuration: LifecycleConfiguration
  /** What becomes of hx's own rules; empty where they stand as they should. */
  readonly changes: ReadonlyArray<RuleChange>
  /** Rules of others, which stay. */
  readonly foreign: ReadonlyArray<LifecycleRule>
}

/** The bucket's configuration with hx's rules for this vault as they should be, and everything else as it was. */
export const mergeRules = (current: LifecycleConfiguration, needs: Needs): Merged => {
  const own = ownRules(needs)
  const ids = new Set(KINDS.map((kind) => idOf(kind, needs.prefix)))
  const isOwn = ({ ID }: LifecycleRule) => ID !== undefined && ids.has(ID)
  const before = new Map(current.rules.filter(isOwn).map((rule) => [rule.ID, rule]))
  const foreign = current.rules.filter((rule) => !isOwn(rule))
  const changes = own.flatMap((rule): ReadonlyArray<RuleChange> => {
    const id = rule.ID ?? ""
    const old = before.get(id)
    if (old === undefined) return [{ id, change: "added" }]
    return isSame(old, rule) ? [] : [{ id, change: "replaced" }]
  })
  const kept = new Set(own.map(({ ID }) => ID))
  const gone = [...before.keys()].filter((id) => !kept.has(id))
  return {
    configuration: { ...current, rules: [...foreign.map(withFilter), ...own] },
    changes: [...changes, ...gone.map((id): RuleChange => ({ id: id ?? "", change: "removed" }))],
    foreign
  }
}

/** Whether a configuration that was read back has every rule of the one that was written, and no other. */
export const isAsWritten = (written: LifecycleConfiguration, read: LifecycleConfiguration): boolean => {
  const found = read.rules.map(canonical).sort()
  const meant = written.rules.map(canonical).sort()
  return found.length === meant.length && found.every((rule, index) => rule === meant[index])
}

/** What a rule of somebody else does to a vault. */
export interface Harm {
  /** Empty for a rule without one. */
  readonly id: string
  readonly does: "archives" | "expires"
  /** Of archiving: the class. */
  readonly into?: string
  /** Days after an object was written; none where the rule names a date. */
  readonly days?: number
  readonly reaches: ReadonlyArray<TargetKind>
}

export type TargetKind = "vault.json" | "manifests" | "segments"

/** Rules that archive or delete what a vault cannot do without. Moving segments to classes that can be read at once does no harm. */
export const harmsOf = (
  foreign: ReadonlyArray<LifecycleRule>,
  prefix: string,
  minimumSize: string | undefined
): ReadonlyArray<Harm> =>
  foreign.flatMap((rule) => {
    if (rule.Status !== "Enabled") return []
    const scope = scopeOf(rule)
    const id = rule.ID ?? ""
    const archiving = (rule.Transitions ?? []).flatMap((transition): ReadonlyArray<Harm> => {
      const into = archiveClassOf(transition.StorageClass)
      const least = scope.least ?? (minimumSize === AMAZONS_MINIMUM ? INFREQUENT.leastBytes : 0)
      const reaches = reachedBy({ ...scope, least }, prefix)
      return into === undefined || reaches.length === 0
        ? []
        : [{ id, does: "archives", into, ...daysOf(transition), reaches }]
    })
    const { Date: date, Days: days } = rule.Expiration ?? {}
    const expires = date !== undefined || days !== undefined ? reachedBy(scope, prefix) : []
    return expires.length === 0
      ? archiving
      : [...archiving, { id, does: "expires", ...daysOf(rule.Expiration ?? {}), reaches: expires }]
  })

/** Amazon's default since 2024: what is smaller moves nowhere, unless a rule has a size of its own. */
const AMAZONS_MINIMUM = "all_storage_classes_128K"

const TARGETS: ReadonlyArray<{ readonly kind: TargetKind; readonly name: string; readonly most: number }> = [
  // A few kilobytes: an epoch and its keys are some hundred bytes.
  { kind: "vault.json", name: VAULT_DESCRIPTOR, most: 64 * 1024 },
  { kind: "manifests", name: MANIFESTS, most: Infinity },
  { kind: "segments", name: SEGMENTS, most: Infinity }
]

const KINDS = ["unfinished-uploads", "infrequent-access", ...TARGETS.map(({ kind }) => `old-versions-${kind}`)]

/** Rules of several vaults share a bucket: the prefix tells them apart. S3 allows 255 characters. */
const idOf = (kind: string, prefix: string): string => {
  const id = prefix === "" ? `hx-${kind}` : `hx-${kind}:${prefix}`
  return id.length <= 255 ? id : `hx-${kind}:${digest(`hx.lifecycle.1${prefix}`)}`
}

interface Scope {
  readonly prefix: string
  /** Only objects with a tag; hx's have none. */
  readonly tagged: boolean
  /** Bytes of the smallest object it reaches, where it says so, and of the largest. */
  readonly least: number | undefined
  readonly most: number
}

const scopeOf = ({ Filter: filter = {}, Prefix: base }: LifecycleRule): Scope => {
  const { And: and = {} } = filter
  const above = and.ObjectSizeGreaterThan ?? filter.ObjectSizeGreaterThan
  const below = and.ObjectSizeLessThan ?? filter.ObjectSizeLessThan
  return {
    prefix: and.Prefix ?? filter.Prefix ?? base ?? "",
    tagged: filter.Tag !== undefined || (and.Tags ?? []).length > 0,
    least: above === undefined ? undefined : above + 1,
    most: below === undefined ? Infinity : below - 1
  }
}

/** What a rule may reach; in doubt it does. */
const reachedBy = (scope: Scope, prefix: string): ReadonlyArray<TargetKind> =>
  scope.tagged
    ? []
    : TARGETS.filter(({ most, name }) => {
        const key = `${prefix}${name}`
        return (
          (key.startsWith(scope.prefix) || scope.prefix.startsWith(key)) && (scope.least ?? 0) <= most && scope.most > 0
        )
      }).map(({ kind }) => kind)

const daysOf = ({ Days: days }: LifecycleTransition): { readonly days?: number } => (days === undefined ? {} : { days })

/** A prefix beside the filter is the older form, and S3 refuses a configuration that has both. */
const withFilter = ({ Prefix: prefix, ...rule }: LifecycleRule): LifecycleRule =>
  rule.Filter === undefined ? { ...rule, Filter: { Prefix: prefix ?? "" } } : rule

const isSame = (a: LifecycleRule, b: LifecycleRule): boolean => canonical(a) === canonical(b)

/** Services give the same rule back in another order, or with its prefix elsewhere. */
const canonical = (rule: LifecycleRule): string => {
  const { Filter: filter = {}, ...rest } = withFilter(rule)
  return JSON.stringify(sorted({ ...rest, Filter: plainFilter(filter) }))
}

const plainFilter = ({ And: and, ...alone }: LifecycleFilter) => ({
  ...alone,
  ...and,
  Prefix: and?.Prefix ?? alone.Prefix ?? ""
})

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  const fields = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]))
}
