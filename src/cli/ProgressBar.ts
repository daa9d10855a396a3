/** Progress as a bar on standard error: objects, bytes, rate, time left. It appears after half a second, so that quick work shows nothing. */

import { Clock, Effect, Layer } from "effect"
import { type Meter, Progress } from "../platform/Progress.ts"
import { bytesText, countText as count } from "./Units.ts"

export const layerProgressBar = Layer.succeed(Progress, {
  during: <A, E, R>(title: string, unit: string, work: (meter: Meter) => Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const counts: Counts = { objects: 0, expectedObjects: 0, bytes: 0, expectedBytes: 0 }
      return Effect.scoped(Effect.zipRight(Effect.forkScoped(show(title, unit, counts)), work(meterOf(counts))))
    })
})

/** Before this a bar would only flicker. */
const APPEARS_AFTER = "500 millis"
const REFRESH = "100 millis"

interface Counts {
  objects: number
  expectedObjects: number
  bytes: number
  expectedBytes: number
}

const meterOf = (counts: Counts): Meter => ({
  expect: (objects, bytes = 0) => {
    counts.expectedObjects += objects
    counts.expectedBytes += bytes
  },
  advance: (objects, bytes = 0) => {
    counts.objects += objects
    counts.bytes += bytes
  }
})

const show = Effect.fn("ProgressBar.show")(function* (title: string, unit: string, counts: Counts) {
  const began = yield* Clock.currentTimeMillis
  yield* Effect.sleep(APPEARS_AFTER)
  const bar = yield* Effect.acquireRelease(openBar, (open) => Effect.sync(() => open.stop()))
  bar.start(1, 0, { text: `${title} …` })
  while (true) {
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    bar.update(share(counts), { text: describe(title, unit, counts, seconds) })
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

/** How much is done, 0 to 1, by bytes where they are known. */
const share = (counts: Counts): number => {
  const [done, of] =
    counts.expectedBytes > 0 ? [counts.bytes, counts.expectedBytes] : [counts.objects, counts.expectedObjects]
  return of === 0 ? 0 : Math.min(1, done / of)
}

export const describe = (title: string, unit: string, counts: Readonly<Counts>, seconds: number): string => {
  const objects =
    counts.expectedObjects > 0 ? `${count(counts.objects)}/${count(counts.expectedObjects)}` : count(counts.objects)
  const parts = [`${title}: ${objects} ${unit}`]
  if (counts.bytes > 0) {
    const total = counts.expectedBytes > 0 ? ` of ${bytesText(counts.expectedBytes)}` : ""
    parts.push(
      `${bytesText(counts.bytes)}${total}`,
      `${bytesText(Math.round(counts.bytes / Math.max(seconds, 0.001)))}/s`
    )
  } else if (seconds > 0) {
    parts.push(`${count(Math.round(counts.objects / seconds))}/s`)
  }
  const done = share(counts)
  if (done > 0.02 && done < 1) parts.push(`${timeLeft((seconds / done) * (1 - done))} left`)
  return parts.join(", ")
}

const timeLeft = (seconds: number): string => {
  const whole = Math.max(1, Math.round(seconds))
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`
}
