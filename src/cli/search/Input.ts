/** What comes from the terminal, as events in the order in which it came. */

import { Effect, Queue, type Scope } from "effect"
import type { TerminalDevice } from "../../platform/TerminalDevice.ts"
import { type Key, KeyDecoder } from "./Keys.ts"

export type Event =
  | { readonly _tag: "Key"; readonly key: Key }
  | { readonly _tag: "Resize" }
  /** The terminal is gone. */
  | { readonly _tag: "End" }

/** Milliseconds after which an escape byte was the key, and no beginning of another: over slow lines the rest may lag behind. */
const ESCAPE_TIME = 50

export const eventsOf = (terminal: TerminalDevice): Effect.Effect<Queue.Queue<Event>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const events = yield* Queue.unbounded<Event>()
    const decoder = new KeyDecoder()
    let timer: NodeJS.Timeout | undefined
    const offer = (keys: ReadonlyArray<Key>) => {
      for (const key of keys) events.unsafeOffer({ _tag: "Key", key })
    }
    terminal.onInput((bytes) => {
      clearTimeout(timer)
      offer(decoder.push(bytes))
      if (decoder.waiting) timer = setTimeout(() => offer(decoder.flush()), ESCAPE_TIME)
    })
    terminal.onResize(() => void events.unsafeOffer({ _tag: "Resize" }))
    terminal.onEnd(() => void events.unsafeOffer({ _tag: "End" }))
    yield* Effect.addFinalizer(() => Effect.sync(() => clearTimeout(timer)))
    return events
  })
