/** The names of objects: see ObjectStore.ts. */

import { Effect } from "effect"
import { StoreError } from "./StoreError.ts"

/** Whether hx may give this name to an object. */
export const isObjectName = (name: string): boolean =>
  name.length <= 512 && /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(name) && !hasDots(name)

/**
 * Whether this names an object below the store's prefix. Wider than the above: what others have put there (a conflict copy
 * "manifest (Anna's conflicted copy).hxm") can be listed, read and deleted, but nothing outside the prefix can.
 */
export const isReadableName = (name: string): boolean =>
  name !== "" && !/[\p{Cc}\\\ufffd]/u.test(name) && !name.split("/").includes("") && !hasDots(name)

export const checkName = (
  operation: StoreError["operation"],
  name: string,
  valid: (name: string) => boolean
): Effect.Effect<void, StoreError> =>
  valid(name)
    ? Effect.void
    : Effect.fail(
        new StoreError({
          reason: "Misconfigured",
          operation,
          subject: JSON.stringify(name),
          detail: "not the name of an object"
        })
      )

const hasDots = (name: string): boolean => name.split("/").some((segment) => segment === "." || segment === "..")
