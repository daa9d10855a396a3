/** What Effect.fn("a name") is in a simulation, and scrypt, which is made to be slow and answers whenever it has done. */

import { Effect } from "effect"
import { hkdfSync } from "node:crypto"

type Body = (...given: ReadonlyArray<never>) => unknown

export const plainFunction = (body: Body): Body =>
  body.constructor.name === "GeneratorFunction"
    ? (Effect.fnUntraced(body as Parameters<typeof Effect.fnUntraced>[0]) as unknown as Body)
    : (...given) => Effect.suspend(() => body(...given) as Effect.Effect<unknown>)

export const quickKey = (
  passphrase: string,
  salt: Uint8Array,
  bytes: number,
  _cost: unknown,
  done: (error: null, key: Buffer) => void
): void => done(null, Buffer.from(hkdfSync("sha512", passphrase, salt, "quick", bytes)))
