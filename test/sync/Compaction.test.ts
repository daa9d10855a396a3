/**
 * Years of small pushes: how many objects a device has, and what is sent to keep them few; and readers while their segments are being merged.
 * The bounds are those of SegmentPlan.ts and docs/sync.md.
 */

import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, TestClock } from "effect"
import { createHash } from "node:crypto"
import { RequestLog } from "../../src/store/RequestLog.ts"
import { manifestName, segmentName, segmentsOf } from "../../src/sync/ObjectNames.ts"
import { FAN_IN, planSegments, type SegmentExtent, segmentLimits } from "../../src/sync/SegmentPlan.ts"
import { debtsOrNone, publication } from "../../src/sync/SyncState.ts"
import { DEFAULT_TUNING } from "../../src/sync/SyncTuning.ts"
import { historyOf } from "./History.ts"
import { joinAll, live, makeDevice, makeWorld, pull, push, record, type TestDevice } from "./World.ts"

/** Below full size there are three levels of segments, and each byte is written once when it is sealed and once on its way to each higher one. */
const LEVELS = 3
/** Of each level at most one less than are merged. */
const MOST_SMALL = LEVELS * (FAN_IN - 1)

const PUSHES_A_DAY = 200

/**
 * HX_COMPACTION="days scale": so many days of the real code, with tails and levels of 1/scale of their real size and a push for every `scale`, which
 * makes as many segments and merges as the whole. "1095 1" are three years in full.
 */
const [DAYS = 120, SCALE = 256] = (process.env["HX_COMPACTION"] ?? "120 256").split(" ").map(Number)

const WORDS = "git make npm ls cd vim grep docker kubectl ssh cargo python cat less tail curl rg tmux systemctl".split(
  " "
)

/** What a person types: a few words, numbers and paths, some of them again and again. */
const typed = (number: number) => {
  const word = WORDS[(number * 7 + (number >> 3)) % WORDS.length] ?? ""
  return number % 3 === 0
    ? `${word} status`
    : `${word} --option-${(number * 37) % 91} src/${number % 17}/file-${(number * 13) % 997}.ts`
}

/** Numbers as good as random, below `most`. */
const scattered = (number: number, most: number) =>
  createHash("sha256").update(String(number)).digest().readUInt32LE() % most

interface Years {
  readonly pushes: number
  /** Bytes of segments as they were first sealed; of all segments sent; of manifests. */
  readonly sealed: number
  readonly segments: number
  readonly manifests: number
  readonly largestManifest: number
  readonly requests: number
  /** At most, at any time: segments that the manifest names, and objects of the device with those that wait for their deletion. */
  readonly mostNamed: number
  readonly mostObjects: number
  readonly everMade: number
}

const told = ({
  everMade,
  largestManifest,
  manifests,
  mostNamed,
  mostObjects,
  pushes,
  requests,
  sealed,
  segments
}: Years) =>
  [
    `${pushes} pushes: ${requests} requests, ${everMade} segments ever made, at most ${mostNamed} named and ${mostObjects} there;`,
    `${sealed} bytes sealed, ${segments} sent as segments (${(segments / sealed).toFixed(2)} times),`,
    `${manifests} as manifests (${Math.round(manifests / pushes)} a push, at most ${largestManifest})`
  ].join(" ")

/** With times in microseconds, as a shell gives them: most of what an entry takes. */
const ran = (device: TestDevice, number: number) =>
  live(device, typed(number), number, {
    cwd: `/home/me/${scattered(number, 23)}`,
    duration: scattered(-number, 5_000_000),
    start: 1_700_000_000_000_000 + number * 400_000_000 + scattered(number, 300_000_000)
  })

/** The real push, over a store in memory. */
const live200 = (device: TestDevice, pushes: number) =>
  Effect.gen(function* () {
    const log = yield* device.as(Effect.map(RequestLog, (each) => each))
    const id = yield* device.id
    let [sealed, segments, manifests, largestManifest, requests, mostNamed, mostObjects, everMade] = [
      0, 0, 0, 0, 0, 0, 0, 0
    ]
    let end = 0
    for (let number = 1; number <= pushes; number++) {
      yield* TestClock.adjust(`${(86_400 / PUSHES_A_DAY) * SCALE} seconds`)
      yield* record(device, yield* ran(device, number))
      yield* log.clear
      yield* push(device)
      const known = Option.getOrThrow(yield* device.as(publication.get))
      for (const { name, operation, sent } of yield* log.records) {
        requests++
        if (operation !== "put") continue
        if (name === manifestName(id)) {
          manifests += sent
          largestManifest = Math.max(largestManifest, sent)
          continue
        }
        everMade++
        segments += sent
      }
      for (const segment of known.segments) if (segment.first > end) sealed += segment.sealed
      end = Math.max(end, known.segments.at(-1)?.last ?? 0)
      const owed = (yield* device.as(debtsOrNone)).length
      mostNamed = Math.max(mostNamed, known.segments.length)
      mostObjects = Math.max(mostObjects, 1 + known.segments.length + owed)
    }
    const years: Years = {
      pushes,
      sealed,
      segments,
      manifests,
      largestManifest,
      requests,
      mostNamed,
      mostObjects,
      everMade
    }
    return years
  })

describe("years of small pushes", () => {
  it.scoped(
    `${DAYS} days of ${PUSHES_A_DAY} pushes, at 1/${SCALE} of the real sizes, stay within the stated bounds`,
    () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const tuning = {
          inlineTail: DEFAULT_TUNING.inlineTail / SCALE,
          lowestLevel: DEFAULT_TUNING.lowestLevel / SCALE,
          segmentSize: DEFAULT_TUNING.segmentSize / SCALE
        }
        const a = yield* makeDevice(world, "a", tuning)
        const b = yield* makeDevice(world, "b")
        yield* joinAll(a, b)
        const years = yield* live200(a, Math.ceil((DAYS * PUSHES_A_DAY) / SCALE))
        console.log(`${DAYS} days at 1/${SCALE}: ${told(years)}`)
        expect(years.everMade).toBeGreaterThan(FAN_IN)
        expect(years.mostNamed).toBeLessThanOrEqual(MOST_SMALL)
        // Beside those and the manifest: what one merge replaced, until it is deleted.
        expect(years.mostObjects).toBeLessThanOrEqual(1 + MOST_SMALL + FAN_IN)
        expect(years.segments / years.sealed).toBeLessThanOrEqual(LEVELS)
        // Every segment is put once and deleted once at most.
        expect(years.requests).toBeLessThanOrEqual(years.pushes + 2 * years.everMade)
        expect(years.largestManifest).toBeLessThanOrEqual(tuning.inlineTail + 1024 + 256 * MOST_SMALL)
        const id = yield* a.id
        const owed = new Set((yield* a.as(debtsOrNone)).map((debt) => debt.name))
        const known = Option.getOrThrow(yield* a.as(publication.get))
        const named = known.segments.map((segment) => segmentName(id, segment.id))
        const there = [...world.bucket.objects.keys()].filter((name) => name.startsWith(segmentsOf(id)))
        expect(there.filter((name) => !owed.has(name)).sort()).toEqual([...named].sort())
        expect((yield* pull(b)).problems).toEqual([])
        expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
      }),
    7_200_000
  )

  /** By the plan alone: segments of 64 KiB of a live history, 20 bytes sealed and 70 of plaintext an entry, one command a push. */
  it.each([3, 10, 50])("%i years of 200 pushes a day in full size, by the plan alone", (years) => {
    const [sealedEach, plainEach] = [20, 70]
    const perTail = Math.floor(DEFAULT_TUNING.inlineTail / sealedEach)
    const seals = Math.floor((years * 365 * PUSHES_A_DAY) / perTail)
    const limits = segmentLimits(DEFAULT_TUNING)
    let log: ReadonlyArray<SegmentExtent> = []
    let [rewritten, made, most] = [0, 0, 0]
    for (let seal = 0; seal < seals; seal++) {
      const first = seal * perTail + 1
      const tail = { first, last: first + perTail - 1, size: perTail * plainEach, sealed: perTail * sealedEach }
      // As push does: what is there is planned, then the tail is sealed behind it.
      const steps = planSegments(log, () => "no", limits)
      log = steps.map((step) => {
        if (step._tag === "Keep") return step.segment
        const operations = step.last - step.first + 1
        made++
        rewritten += operations * sealedEach
        return { first: step.first, last: step.last, size: operations * plainEach, sealed: operations * sealedEach }
      })
      log = [...log, tail]
      made++
      most = Math.max(most, log.length)
    }
    const total = seals * perTail * sealedEach
    const full = total / (DEFAULT_TUNING.segmentSize / 2)
    console.log(
      `${years} years: ${seals} tails sealed, ${made} segments made, at most ${most}, ${(1 + rewritten / total).toFixed(2)} times written`
    )
    expect(most).toBeLessThanOrEqual(MOST_SMALL + full)
    expect(1 + rewritten / total).toBeLessThanOrEqual(LEVELS)
  })
})
