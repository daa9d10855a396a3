/**
 * What `hx search` does: opens the terminal and the history, hands keys to the session and frames to the screen, and tells what was chosen.
 *
 * With --hook standard output gets `insert` or `run`, a newline and the command's bytes; nothing where the person left without one. Without, the command
 * and a newline; with --json {`version`, `command`, `id`}, null where there is none.
 */

import { Effect, Layer, Option, Queue } from "effect"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { openSearchSource, reading, type SearchSource } from "../../../db/SearchSource.ts"
import * as RawText from "../../../domain/RawText.ts"
import { breathe } from "../../../platform/EventLoop.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Settings } from "../../../platform/Settings.ts"
import { openTerminal, type TerminalDevice } from "../../../platform/TerminalDevice.ts"
import { variable } from "../../../platform/Variables.ts"
import { Output } from "../../Output.ts"
import { copying } from "../../search/Clipboard.ts"
import { type Event, eventsOf } from "../../search/Input.ts"
import { Screen } from "../../search/Screen.ts"
import type { Session } from "../../search/Session.ts"
import { scopesFor, sessionFor } from "../../search/Start.ts"
import { mayRun, type Taken, takenText } from "../../search/Taken.ts"
import type { Request } from "../../search/Update.ts"
import { linesOf, type SearchGiven, type SearchWishes, wishesOf } from "../../search/Wishes.ts"
import { UsageError } from "../../UsageError.ts"

export const run = (given: SearchGiven) =>
  Effect.provide(searchAndTell(given), Layer.provideMerge(Settings.layer, Paths.layer))

const searchAndTell = Effect.fnUntraced(function* (given: SearchGiven) {
  const output = yield* Output
  const taken = Option.getOrUndefined(yield* Effect.scoped(search(given)))
  if (output.json) return yield* output.result({ command: taken?.command ?? null, id: taken?.id ?? null }, () => "")
  if (taken !== undefined) yield* output.raw(RawText.toBytes(takenText(taken, given.hook)))
})

interface Searching {
  readonly given: SearchGiven
  readonly wishes: SearchWishes
  readonly terminal: TerminalDevice
  readonly source: SearchSource
  readonly session: Session
  readonly screen: Screen
  readonly events: Queue.Queue<Event>
  /** Of the database, for what goes wrong with it. */
  readonly path: string
}

/** None where the person left without a command. */
const search = Effect.fnUntraced(function* (given: SearchGiven) {
  const { database } = yield* Paths
  const wishes = yield* wishesOf(given)
  const terminal = yield* theTerminal
  const source = yield* theHistory
  const session = yield* sessionFor(source, wishes)
  const screen = new Screen({ full: wishes.height === "full", below: given.hook, colour: wishes.colour })
  const events = yield* eventsOf(terminal)
  terminal.restoreWith(() => screen.end())
  const searching: Searching = { given, wishes, terminal, source, session, screen, events, path: database }
  fit(searching)
  yield* draw(searching)
  yield* takeInRecent(searching)
  return yield* converse(searching)
})

/** What shells have recorded and nobody has taken in yet: once there is something to look at, and before the first key is heard. */
const takeInRecent = Effect.fnUntraced(function* (searching: Searching) {
  const { data } = yield* Paths
  if (!spoolHolds(join(data, "spool"))) return
  const { makeReady } = yield* Effect.promise(() => import("../../search/MakeReady.ts"))
  yield* makeReady
  const where = yield* scopesFor(searching.source, searching.wishes)
  if (yield* reading(searching.path, () => searching.session.takeRecent(where))) yield* draw(searching)
})

const spoolHolds = (directory: string): boolean => {
  try {
    return readdirSync(directory).some((name) => name.endsWith(".spool"))
  } catch {
    // There is none: no shell has a hook.
    return false
  }
}

const theTerminal = Effect.gen(function* () {
  if (Option.contains(yield* variable("TERM"), "dumb")) {
    return yield* nowhereToDraw("TERM is dumb: this terminal cannot move its cursor")
  }
  return yield* Effect.catchTag(openTerminal, "TerminalError", ({ reason }) =>
    nowhereToDraw(`there is no terminal (/dev/tty: ${reason})`)
  )
})

const nowhereToDraw = (subject: string) =>
  new UsageError({ what: "Nothing to search on", subject, hint: 'Without a terminal there is "hx find QUERY".' })

/** A new database, or one of an older hx, is made ready first. */
const theHistory = Effect.gen(function* () {
  const { database } = yield* Paths
  const source = yield* openSearchSource(database)
  if (source !== undefined) return source
  const { makeReady } = yield* Effect.promise(() => import("../../search/MakeReady.ts"))
  yield* makeReady
  return (yield* openSearchSource(database))!
})

const fit = ({ given, screen, session, terminal, wishes }: Searching): void => {
  const { columns, rows } = terminal.size()
  session.resize(columns, linesOf(wishes.height, rows, given.hook))
  screen.forget()
}

const draw = ({ path, screen, session, terminal }: Searching) =>
  reading(path, () => {
    session.settle()
    terminal.write(screen.frame(session.frame))
  })

/** Keys before frames before loading: whatever was typed is heard before anything else is done. */
const converse = Effect.fnUntraced(function* (searching: Searching) {
  const { events, path, session } = searching
  let dirty = false
  for (;;) {
    const waiting = yield* Queue.poll(events)
    if (Option.isNone(waiting) && dirty) {
      yield* draw(searching)
      dirty = false
      continue
    }
    if (Option.isNone(waiting) && session.busy) {
      dirty = yield* reading(path, () => session.slice())
      yield* breathe
      continue
    }
    const end = yield* answer(Option.isSome(waiting) ? waiting.value : yield* Queue.take(events), searching)
    if (end !== undefined) return end
    dirty = true
  }
})

/** Undefined while the search goes on. */
const answer = Effect.fnUntraced(function* (event: Event, searching: Searching) {
  switch (event._tag) {
    case "Resize":
      fit(searching)
      return undefined
    case "End":
      return Option.none<Taken>()
    case "Key": {
      const request = yield* reading(searching.path, () => searching.session.press(event.key))
      return request === null ? undefined : yield* serve(request, searching)
    }
  }
})

const serve = Effect.fnUntraced(function* (request: Request, searching: Searching) {
  const { given, screen, session, terminal } = searching
  switch (request) {
    case "cancel":
      return Option.none<Taken>()
    case "accept":
    case "edit":
      return yield* take(request === "accept", searching)
    case "copy": {
      const { chosen } = session
      if (chosen === undefined) return undefined
      const { bytes, notice } = copying(session.textOf(chosen))
      terminal.write(bytes)
      session.tell(notice)
      return undefined
    }
    case "forget":
      return yield* forgetChosen(searching)
    case "suspend": {
      // Within a shell's line there is nobody to come back to.
      if (given.hook) return undefined
      terminal.suspend(() => void searching.events.unsafeOffer({ _tag: "Resize" }))
      return undefined
    }
    default:
      screen.forget()
      fit(searching)
      return undefined
  }
})

const take = (accepted: boolean, { path, session, source, wishes }: Searching) =>
  reading(path, () => {
    // What is chosen is what fits what was typed, however fast that was.
    session.settle()
    const { chosen } = session
    const details = chosen === undefined ? undefined : session.detailsOf(chosen)
    if (chosen === undefined || details === undefined) return undefined
    const command = session.textOf(chosen)
    const run = accepted && wishes.run && mayRun(command, source.ranHere(chosen.command))
    return Option.some<Taken>({ command, id: details.id, run })
  })

const forgetChosen = Effect.fnUntraced(function* ({ session, source }: Searching) {
  const { chosen } = session
  if (chosen === undefined) return undefined
  const { forgetCommand } = yield* Effect.promise(() => import("../../search/ForgetChosen.ts"))
  const { done, notice } = yield* forgetCommand(source, chosen.command)
  if (done) session.drop(chosen)
  session.tell(notice)
  return undefined
})
