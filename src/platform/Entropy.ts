/** Random bytes for keys, salts, nonces and ids. A service, so that tests can make them repeatable. */

import { Context, Effect, Layer } from "effect"
import { createHash, randomBytes } from "node:crypto"

export class Entropy extends Context.Tag("hx/Entropy")<
  Entropy,
  { readonly bytes: (size: number) => Effect.Effect<Uint8Array> }
>() {
  /** The operating system's generator. */
  static readonly layer = Layer.succeed(Entropy, {
    bytes: (size) => Effect.sync(() => new Uint8Array(randomBytes(size)))
  })

  /** For tests only: the same seed gives the same bytes. */
  static readonly layerSeeded = (seed: string) => Layer.sync(Entropy, () => seeded(seed))

  static readonly hex = (size: number) =>
    Effect.flatMap(Entropy, (entropy) => Effect.map(entropy.bytes(size), (bytes) => Buffer.from(bytes).toString("hex")))
}

const seeded = (seed: string) => {
  let counter = 0
  const block = () => createHash("sha256").update(`${seed}:${counter++}`).digest()
  return {
    bytes: (size: number) =>
      Effect.sync(() => {
        const parts: Array<Uint8Array> = []
        for (let made = 0; made < size; made += 32) parts.push(block())
        return new Uint8Array(Buffer.concat(parts).subarray(0, size))
      })
  }
}
