/** Words for lifecycle rules: what they do and why, whether STANDARD_IA pays, and which rules of others are dangerous. */

import { CLASSES_AS_OF } from "../../../../sync/ClassPrices.ts"
import type { InfrequentAccess } from "../../../../sync/InfrequentAccess.ts"
import type { LifecyclePlan } from "../../../../sync/Lifecycle.ts"
import { ABORT_DAYS, type Harm, INFREQUENT_DAYS, OLD_VERSION_DAYS } from "../../../../sync/LifecycleRules.ts"
import type { Json } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { bytesText, counted } from "../../../Units.ts"

/** What the rules do and why, line by line. */
export const explanation = (plan: LifecyclePlan): ReadonlyArray<string> => [
  `Parts of uploads that were never finished are removed after ${ABORT_DAYS} days: they are billed until then.`,
  plan.versioned === false
    ? "The bucket keeps no older versions, so there is no rule for them."
    : `Older versions are removed after ${OLD_VERSION_DAYS} days: time to bring one back by hand, and no longer, since what was forgotten is still in them.` +
      (plan.versioned === null ? " Whether the bucket keeps any may not be asked (s3:GetBucketVersioning)." : ""),
  infrequentText(plan.infrequentAccess),
  "manifests/ and vault.json stay in the standard class: each pull lists and reads them, and a new device needs them at once.",
  ...(plan.archived > 0
    ? [
        `${counted(plan.archived, "segment is", "segments are")} archived already: a new device has to restore them, "hx sync pull --restore".`
      ]
    : []),
  ...(plan.current === null
    ? [
        "The bucket's present rules may not be read (s3:GetLifecycleConfiguration): what is printed has hx's alone, and would replace all others."
      ]
    : plan.foreign.length > 0
      ? [
          `${counted(plan.foreign.length, "rule")} of others, kept: ${plan.foreign.map(({ ID }) => named(ID)).join(", ")}.`
        ]
      : []),
  ...(plan.current?.unknown === undefined
    ? []
    : [
        `Rules of others hold what hx does not know (${plan.current.unknown.map(printable).join(", ")}) and what is printed lacks: it would change them.`
      ]),
  ...(plan.current?.minimumSize === undefined
    ? []
    : [
        `For aws s3api add what the bucket has now: --transition-default-minimum-object-size ${plan.current.minimumSize}`
      ])
]

export const harmText = ({ days, does, id, into, reaches }: Harm): string => {
  const what = does === "archives" ? `archives ${listed(reaches)} in ${into}` : `deletes ${listed(reaches)}`
  return `rule ${named(id)} ${what}${days === undefined ? " on a date" : ` after ${counted(days, "day")}`}`
}

export const changeLines = (plan: LifecyclePlan): ReadonlyArray<string> => [
  ...plan.changes.map(({ change, id }) => `${change.padEnd(8)}  ${printable(id)}`),
  ...plan.foreign.map(({ ID }) => `${"kept".padEnd(8)}  ${named(ID)}`)
]

export const lifecycleJson = (plan: LifecyclePlan): { readonly [key: string]: Json } => ({
  bucket: plan.bucket,
  prefix: plan.prefix,
  versioned: plan.versioned,
  complete: plan.current !== null && plan.current.unknown === undefined,
  changes: plan.changes.map(({ change, id }) => ({ id, change })),
  harms: plan.harms.map(({ days, does, id, into, reaches }) => ({
    id,
    does,
    into: into ?? null,
    days: days ?? null,
    reaches: [...reaches]
  })),
  infrequentAccess: infrequentJson(plan.infrequentAccess),
  pricesOf: CLASSES_AS_OF,
  archived: plan.archived
})

const infrequentJson = (access: InfrequentAccess | null): Json => {
  if (access === null) return null
  const { joining, moving, pays, paysFrom, saving, segments } = access
  return {
    pays,
    ...segments,
    saving,
    moving,
    joining,
    paysFrom: Number.isFinite(paysFrom) ? Math.ceil(paysFrom) : null
  }
}

const infrequentText = (access: InfrequentAccess | null): string => {
  if (access === null)
    return "This is not Amazon's service: its storage classes and prices are not known, so segments stay where they are."
  const { joining, moving, pays, paysFrom, saving, segments } = access
  const from = Number.isFinite(paysFrom) ? ` It would from about ${bytesText(paysFrom)} on.` : ""
  if (segments.objects === 0) {
    return `STANDARD_IA does not pay, so there is no rule: there is no segment of 128 KiB or more yet.${from}`
  }
  const figures =
    `${counted(segments.objects, "segment")} of 128 KiB or more, ${bytesText(segments.bytes)}: ${dollars(saving)} a month saved, ` +
    `${dollars(moving)} to move them, ${dollars(joining)} for each device that joins (list prices of ${CLASSES_AS_OF}, US East)`
  if (pays) return `STANDARD_IA pays for segments, after ${INFREQUENT_DAYS} days: ${figures}.`
  return `STANDARD_IA does not pay for segments, so there is no rule: ${figures}.${from}`
}

/** Small sums with as many digits as say anything. */
const dollars = (amount: number): string => {
  if (amount === 0 || amount >= 0.01) return `$${amount === 0 ? "0" : amount.toFixed(2)}`
  return amount < 0.0001 ? "less than $0.0001" : `$${amount.toPrecision(1)}`
}

const named = (id: string | undefined): string =>
  id === undefined || id === "" ? "without an id" : `"${printable(id)}"`

const listed = (names: ReadonlyArray<string>): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
