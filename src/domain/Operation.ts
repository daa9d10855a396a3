/**
 * A device log is a gap-free sequence of operations, numbered from 1, written by that device alone.
 *
 *     add      an entry
 *     finish   exit status and duration of an entry added before it ended
 *     forget   a rule
 *     purged   what is left of an operation whose entry a rule covers: its identity, so that the log stays gap-free and its chain unchanged
 *
 * Every operation has an identity (128 bits): an add's is its entry's id; a finish's and a forget's are digests of what they say; a purged
 * operation keeps the identity it had.
 */

import type { Entry } from "./Entry.ts"
import { digest, type EntryId, field } from "./EntryId.ts"
import type { ForgetRule } from "./ForgetRule.ts"

export type Operation =
  | { readonly kind: "add"; readonly entry: Entry }
  | { readonly kind: "finish"; readonly id: EntryId; readonly exit: number | null; readonly duration: number | null }
  | { readonly kind: "forget"; readonly rule: ForgetRule }
  | { readonly kind: "purged"; readonly identity: OperationIdentity }

/** 128 bits as 32 lowercase hex digits. */
export type OperationIdentity = string

export const identityOf = (operation: Operation): OperationIdentity => {
  switch (operation.kind) {
    case "add":
      return operation.entry.id
    case "finish":
      return digest(
        field("hx.finish.1") + field(operation.id) + field(String(operation.exit)) + field(String(operation.duration))
      )
    case "forget":
      return ruleIdentity(operation.rule)
    case "purged":
      return operation.identity
  }
}

const ruleIdentity = (rule: ForgetRule): OperationIdentity =>
  digest(
    [
      "hx.forget.1",
      rule.ids.join(","),
      rule.twins.join(","),
      rule.windows.map((window) => `${window.from}-${window.to}@${window.device ?? "*"}`).join(",")
    ]
      .map(field)
      .join("")
  )
