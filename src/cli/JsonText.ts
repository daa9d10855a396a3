/**
 * JSON that a terminal shows as it is. JSON.stringify escapes C0 controls only; DEL, C1 controls (some terminals obey them), bidi controls and what
 * cannot be seen are written as \uXXXX too: to programs it is the same text.
 */

import type { Json } from "./Output.ts"

export const jsonText = (value: Json, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(HIDDEN, (hidden) =>
    hidden.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
  )

/** Within what JSON.stringify gives: newlines are its own. */
const HIDDEN = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
