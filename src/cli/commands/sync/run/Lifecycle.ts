/**
 * What `hx sync lifecycle` does and says. The configuration goes to standard output, so that it can be redirected into the file that
 * `aws s3api put-bucket-lifecycle-configuration --lifecycle-configuration file://…` reads; what there is to say about it goes to standard error.
 *
 * With --json: `bucket`, `prefix`, `versioned` (null: not known), `configuration` {`Rules`} of the whole bucket, rules of others included unless
 * `complete` is false, `changes` [{`id`, `change`}], `harms` [{`id`, `does`, `into`, `days`, `reaches`}] of others' rules, `infrequentAccess`
 * {`pays`, `objects`, `bytes`, `saving`, `moving`, `joining`, `paysFrom`} (dollars; null: not Amazon), `pricesOf`, `archived`, `applied`.
 */

import { Effect, Option } from "effect"
import { Stdio } from "../../../../platform/Stdio.ts"
import { applyLifecycle, type LifecyclePlan, planLifecycle } from "../../../../sync/Lifecycle.ts"
import { requireBinding } from "../../../../sync/VaultSession.ts"
import { jsonText } from "../../../JsonText.ts"
import { type Json, Output } from "../../../Output.ts"
import { layer } from "../../../SyncLayers.ts"
import { prose } from "../../../Prose.ts"
import { UsageError } from "../../../UsageError.ts"
import { changeLines, explanation, harmText, lifecycleJson } from "./LifecycleText.ts"

export interface LifecycleGiven {
  readonly apply: boolean
  readonly yes: boolean
}

export const run = (given: LifecycleGiven) =>
  Effect.gen(function* () {
    if (given.yes && !given.apply) return yield* nothingToConfirm
    const plan = yield* planLifecycle({ mustRead: given.apply })
    if (plan === null) return yield* notABucket
    yield* given.apply ? apply(plan, given.yes) : print(plan)
  }).pipe(Effect.scoped, Effect.provide(layer))

const nothingToConfirm = new UsageError({
  what: "Nothing is changed without --apply, so there is nothing to confirm",
  subject: "--yes",
  hint: "Add --apply, or leave it out."
})

const notABucket = Effect.gen(function* () {
  const { location } = yield* requireBinding
  return yield* new UsageError({
    what: "Lifecycle rules are a thing of buckets",
    subject: location,
    hint: "A folder has none and needs none: there is nothing to do."
  })
})

const print = (plan: LifecyclePlan) =>
  Effect.zipRight(
    explain(plan),
    show(plan, false, () => jsonText(configurationOf(plan), 2))
  )

const explain = Effect.fnUntraced(function* (plan: LifecyclePlan) {
  const { columns, errorIsTerminal } = yield* Stdio
  for (const line of explanation(plan)) {
    yield* Effect.logInfo(prose(line, { terminal: errorIsTerminal, columns }))
  }
  yield* warn(plan)
})

const warn = ({ harms }: LifecyclePlan) =>
  Effect.forEach(
    harms,
    (harm) => Effect.logWarning(`DANGER: ${harmText(harm)}. Narrow it to other prefixes, or remove it.`),
    { discard: true }
  )

const apply = Effect.fnUntraced(function* (plan: LifecyclePlan, yes: boolean) {
  if (plan.changes.length === 0) {
    yield* warn(plan)
    return yield* show(plan, false, () => "Nothing to change: the bucket's rules are as they should be.")
  }
  const [harm] = plan.harms
  if (harm !== undefined && !yes) {
    return yield* new UsageError({
      what: "Another lifecycle rule of the bucket would take the vault out of reach",
      subject: `${plan.bucket}: ${harmText(harm)}`,
      hint: "Narrow that rule to other prefixes, or remove it; --yes puts hx's rules beside it, and the danger stays."
    })
  }
  if (!yes && !(yield* agreed(plan))) return yield* show(plan, false, () => "Nothing was changed.")
  yield* applyLifecycle(plan)
  yield* warn(plan)
  yield* show(plan, true, () => [...changeLines(plan), "Applied, and read back."].join("\n"))
})

const agreed = Effect.fnUntraced(function* (plan: LifecyclePlan) {
  const stdio = yield* Stdio
  if (!stdio.inputIsTerminal || !stdio.errorIsTerminal) {
    return yield* new UsageError({
      what: "Changing the bucket's lifecycle rules has to be confirmed, and there is no terminal to ask on",
      subject: plan.bucket,
      hint: 'Look at "hx sync lifecycle" first, then add --yes.'
    })
  }
  yield* explain(plan)
  stdio.unsafeWriteError(`\nRules of the bucket, once you agree:\n${changeLines(plan).join("\n")}\n`)
  const answer = yield* stdio.ask(`Change the rules of the bucket ${plan.bucket}? [y/N] `)
  return Option.exists(answer, (text) => /^y(es)?$/i.test(text.trim()))
})

const show = Effect.fnUntraced(function* (plan: LifecyclePlan, applied: boolean, text: () => string) {
  const output = yield* Output
  yield* output.result({ ...lifecycleJson(plan), configuration: configurationOf(plan), applied }, text)
})

const configurationOf = ({ configuration }: LifecyclePlan) => ({
  Rules: JSON.parse(JSON.stringify(configuration.rules)) as Json
})
