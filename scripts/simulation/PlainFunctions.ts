/** What Effect.fn("a name") is in a simulation. */

import { Effect } from "effect"

type Body = (...given: ReadonlyArray<never>) => unknown

export const plainFunction = (body: Body): Body =>
  body.constructor.name === "GeneratorFunction"
    ? (Effect.fnUntraced(body as Parameters<typeof Effect.fnUntraced>[0]) as unknown as Body)
    : (...given) => Effect.suspend(() => body(...given) as Effect.Effect<unknown>)
