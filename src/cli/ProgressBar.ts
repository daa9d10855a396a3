/** Progress as a bar on standard error: objects, bytes, rate, time left. It appears after half a second, so that quick work shows nothing. */

import { Clock, Effect, Layer } from "effect"
import { type Meter, Progress } from "../platform/Progress.ts"
import { Speedometer, type Speeds } from "./Speedometer.ts"
import { bytesText, countText as count } from "./Units.ts"

export const layerProgressBar = Layer.succeed(Progress, {
  during: <A, E, R>(title: string, unit: string, work: (meter: Meter) => Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const counts: Counts = { objects: 0, expectedObjects: 0, skipped: 0, bytes: 0, expectedBytes: 0, roughly: false }
      return Effect.scoped(Effect.zipRight(Effect.forkScoped(show(title, unit, counts)), work(meterOf(counts))))
    })
})

/** Before this a bar would only flicker. */
const APPEARS_AFTER = "500 millis"
const REFRESH = "100 millis"

export interface Counts {
  /** Done, those included that had been done before. */
  objects: number
  expectedObjects: number
  /** Of the objects, those that took no time. */
  skipped: number
  bytes: number
  expectedBytes: number
  /** Whether the bytes expected are an estimate. */
  roughly: boolean
}

const meterOf = (counts: Counts): Meter => ({
  expect: (objects, bytes = 0) => {
    counts.expectedObjects += objects
    counts.expectedBytes += bytes
  },
  estimate: (bytes) => {
    counts.expectedBytes = bytes
    counts.roughly = true
  },
  advance: (objects, bytes = 0) => {
    counts.objects += objects
    counts.bytes += bytes
  },
  leaveOut: (objects) => {
    counts.objects += objects
    counts.skipped += objects
  }
})

const show = Effect.fn("ProgressBar.show")(function* (title: string, unit: string, counts: Counts) {
  const speedometer = new Speedometer(yield* Clock.currentTimeMillis)
  yield* Effect.sleep(APPEARS_AFTER)
  const bar = yield* Effect.acquireRelease(openBar, (open) => Effect.sync(() => open.stop()))
  bar.start(1, 0, { text: `${title} …` })
  while (true) {
    const speeds = speedometer.at(yield* Clock.currentTimeMillis, counts)
    bar.update(share(counts), { text: describe(title, unit, counts, speeds) })
    yield* Effect.sleep(REFRESH)
  }
})

const openBar = Effect.promise(() =>
  import("cli-progress").then(
    ({ default: { SingleBar } }) =>
      new SingleBar({
        format: "{bar} {text}",
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        stopOnComplete: false,
        gracefulExit: false,
        linewrap: false
      })
  )
)

/** How much is done, 0 to 1: of bytes and of objects, where both are known half each, since fetching is not yet applying. */
const share = (counts: Readonly<Counts>): number => {
  const known = [
    { done: counts.bytes, of: counts.expectedBytes },
    { done: counts.objects, of: counts.expectedObjects }
  ].filter(({ of }) => of > 0)
  const shares = known.map(({ done, of }) => Math.min(1, done / of))
  return shares.length === 0 ? 0 : shares.reduce((sum, each) => sum + each, 0) / shares.length
}

export const describe = (title: string, unit: string, counts: Readonly<Counts>, speeds: Speeds): string => {
  const objects =
    counts.expectedObjects > 0 ? `${count(counts.objects)}/${count(counts.expectedObjects)}` : count(counts.objects)
  const parts = [`${title}: ${objects} ${unit}`]
  if (counts.bytes > 0) {
    const about = counts.roughly && counts.bytes < counts.expectedBytes ? "about " : ""
    const total =
      counts.expectedBytes > 0 ? ` of ${about}${bytesText(Math.max(counts.bytes, counts.expectedBytes))}` : ""
    parts.push(`${bytesText(counts.bytes)}${total}`)
  }
  // Once the last byte is there, what is left to do is not measured in bytes.
  const inBytes = counts.bytes > 0 && (counts.bytes < counts.expectedBytes || counts.objects >= counts.expectedObjects)
  parts.push(inBytes ? `${bytesText(Math.round(speeds.bytes))}/s` : `${count(Math.round(speeds.objects))}/s`)
  const left = secondsLeft(counts, speeds)
  if (left !== undefined) parts.push(`${timeLeft(left)} left`)
  return parts.join(", ")
}

/** The longer of what bytes and objects will take; undefined where that would be a guess, and where nothing moves. */
const secondsLeft = (counts: Readonly<Counts>, speeds: Speeds): number | undefined => {
  const done = share(counts)
  if (done <= 0.02 || done >= 1) return undefined
  const estimates = [
    { rest: counts.expectedBytes - counts.bytes, speed: speeds.bytes },
    { rest: counts.expectedObjects - counts.objects, speed: speeds.objects }
  ].filter(({ rest, speed }) => rest > 0 && speed > 0)
  return estimates.length === 0 ? undefined : Math.max(...estimates.map(({ rest, speed }) => rest / speed))
}

const timeLeft = (seconds: number): string => {
  const whole = Math.max(1, Math.round(seconds))
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`
}
