/** A session as the wishes have it: which scopes there are here, and what they stand for in the history. */

import { Effect, Option } from "effect"
import type { SearchSource } from "../../db/SearchSource.ts"
import type { RunFilter } from "../../history/search/Runs.ts"
import { hostName } from "../../platform/HostName.ts"
import { Paths } from "../../platform/Paths.ts"
import { whereabouts } from "../../platform/Whereabouts.ts"
import { lineOf } from "./LineEditor.ts"
import { Session } from "./Session.ts"
import { type Scope, SCOPES } from "./State.ts"
import { startState } from "./Update.ts"
import type { SearchWishes } from "./Wishes.ts"

export interface Scopes {
  /** What each stands for: numbers of the dictionary, as far as it knows; null: all of it. Those that mean nothing here are not there. */
  readonly among: ReadonlyMap<Scope, RunFilter["among"]>
  /** Where is looked first. */
  readonly first: Scope
  /** The working directory's number; 0 where nothing ever ran in it. */
  readonly here: number
}

export const scopesFor = Effect.fn("Search.scopes")(function* (source: SearchSource, wishes: SearchWishes) {
  const { workingDirectory } = yield* Paths
  const { directories, repositories } = yield* whereabouts(workingDirectory)
  const host = yield* hostName
  const terms = (texts: ReadonlyArray<string>) => new Set(texts.map(source.term).filter((number) => number !== 0))
  const inDirectory = terms(directories)
  const session = terms(Option.toArray(wishes.session))
  const among = new Map<Scope, RunFilter["among"]>([
    ["everywhere", null],
    ["host", { column: "host", numbers: terms([host]) }],
    ["directory", { column: "cwd", numbers: inDirectory }]
  ])
  if (Option.isSome(wishes.session)) among.set("session", { column: "session", numbers: session })
  if (repositories.length > 0) {
    const numbers = new Set(repositories.flatMap((root) => Array.from(source.termsUnder(root))))
    among.set("repository", { column: "cwd", numbers })
  }
  // In a new shell the up arrow goes back to what other ones did, as it does without hx.
  const first = wishes.up && wishes.scope === "session" && session.size === 0 ? "everywhere" : wishes.scope
  return { among, first, here: Array.from(inDirectory)[0] ?? 0 } satisfies Scopes as Scopes
})

export const sessionFor = Effect.fn("Search.start")(function* (source: SearchSource, wishes: SearchWishes) {
  const { home } = yield* Paths
  const clock = yield* Effect.clock
  const scopes = yield* scopesFor(source, wishes)
  const available = new Set(SCOPES.filter((each) => scopes.among.has(each)))
  return new Session(startState(lineOf(wishes.query), scopes.first, available), scopes.among, {
    source,
    home,
    keymap: wishes.keymap,
    glyphs: wishes.glyphs,
    up: wishes.up,
    here: scopes.here,
    now: () => clock.unsafeCurrentTimeMillis() * 1_000,
    clock: () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
  })
})
