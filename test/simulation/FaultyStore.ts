/** The store as a device meets it: every request waits for its turn, may go wrong in any way of Faults.ts, and is looked at once it took effect. */

import { Duration, Effect, type Exit, FiberRef, Stream } from "effect"
import { Always, type ObjectInfo, type ObjectStoreService, type PutOptions } from "../../src/store/ObjectStore.ts"
import { StoreError, type StoreErrorReason } from "../../src/store/StoreError.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import type { RequestFault } from "./Faults.ts"
import { afterChanges } from "./StorePromises.ts"
import { CurrentProcess, happens, note, pass, type Process, short, type World } from "./World.ts"

interface Request<A> {
  readonly operation: "list" | "get" | "put" | "delete"
  readonly name: string
  /** What the server does. */
  readonly perform: Effect.Effect<A, StoreError>
  /** Of puts. */
  readonly write?: { readonly bytes: Uint8Array; readonly options: PutOptions }
  readonly careless?: Partial<Record<RequestFault, () => Effect.Effect<A, StoreError>>>
}

export const atStore = (world: World, store: ObjectStoreService): ObjectStoreService => {
  const { objects } = world.bucket
  /** The store as it was, not further back than makes sense. */
  const past = (random: Process["random"]) => objects.asOf(Math.max(0, objects.changes.length - 1 - random.below(6)))
  const request = <A>(made: Request<A>): Effect.Effect<A, StoreError> =>
    Effect.flatMap(FiberRef.get(CurrentProcess), (process) =>
      process === null ? made.perform : ask(world, process, made)
    )
  const careless = <A>(make: (process: Process) => Request<A>): Effect.Effect<A, StoreError> =>
    Effect.flatMap(FiberRef.get(CurrentProcess), (process) =>
      process === null ? make(NOBODY).perform : ask(world, process, make(process))
    )

  return {
    ...store,
    list: (prefix) =>
      Stream.unwrap(
        Effect.map(
          careless<ReadonlyArray<ObjectInfo>>(({ random }) => {
            const all = Effect.map(Stream.runCollect(store.list(prefix)), (found) => [...found])
            return {
              operation: "list",
              name: prefix,
              perform: all,
              careless: {
                staleList: () => Effect.sync(() => listOf(past(random), prefix)),
                listLacks: () =>
                  Effect.map(all, (found) => {
                    const from = random.below(found.length + 1)
                    return [...found.slice(0, from), ...found.slice(from + random.between(1, 3))]
                  }),
                listRepeats: () =>
                  Effect.map(all, (found) => [...found, ...found.slice(random.below(found.length + 1))])
              }
            }
          }),
          (found) => Stream.fromIterable(found)
        )
      ),
    get: (name, maxBytes) =>
      careless(({ random }) => {
        const perform = store.get(name, maxBytes)
        const spoilt = (spoil: (bytes: Uint8Array) => Uint8Array) => () =>
          Effect.map(perform, ({ bytes, etag }) => ({ bytes: spoil(Uint8Array.from(bytes)), etag }))
        return {
          operation: "get",
          name,
          perform,
          careless: {
            staleRead: () =>
              Effect.suspend(() => {
                const was = past(random).get(name)
                return was === undefined ? absent(name) : Effect.succeed({ bytes: was.bytes, etag: was.etag })
              }),
            readsNothing: () => absent(name),
            readCut: spoilt((bytes) => bytes.slice(0, random.below(bytes.length + 1))),
            readFlipped: spoilt((bytes) => flip(bytes, random.below(8 * Math.max(1, bytes.length))))
          }
        }
      }),
    put: (name, bytes, options) =>
      request({ operation: "put", name, perform: store.put(name, bytes, options), write: { bytes, options } }),
    delete: (name) => request({ operation: "delete", name, perform: store.delete(name) })
  }

  function ask<A>(inWorld: World, process: Process, made: Request<A>): Effect.Effect<A, StoreError> {
    const label = short(`${made.operation} ${made.name}`)
    return Effect.gen(function* () {
      const number = ++process.requests
      const condition = made.write?.options.condition._tag
      yield* pass(inWorld, "request", `sends ${number}: ${label}${condition === undefined ? "" : ` ${condition}`}`)
      const fault = process.offline ? "unreachable" : (process.faults.get(number) ?? aimed(process, made))
      const observed = { ...made, perform: looked(inWorld, process, made.perform) }
      const answer = yield* Effect.exit(disturbed(process, observed, fault))
      if (process.killedAt === -1 && isManifestWrite(made)) process.killedAt = process.points + 1
      yield* pass(
        inWorld,
        "request",
        `hears of ${number}: ${wordsOf(answer)}${fault === undefined ? "" : ` (${fault})`}`
      )
      return yield* answer
    })
  }

  function disturbed<A>(
    process: Process,
    made: Request<A>,
    fault: RequestFault | undefined
  ): Effect.Effect<A, StoreError> {
    if (fault === undefined) return made.perform
    const { name, operation, perform, write } = made
    const fail = (reason: StoreErrorReason, more: { readonly retryAfter?: number } = {}) =>
      Effect.zipRight(
        Effect.sync(() => happens(world, fault)),
        new StoreError({ reason, operation, subject: name, ...more })
      )
    const then = (reason: StoreErrorReason) => Effect.zipRight(Effect.exit(perform), fail(reason))
    const still = (effect: Effect.Effect<A, StoreError>) =>
      Effect.zipRight(
        Effect.sync(() => happens(world, fault)),
        effect
      )
    const condition = write?.options.condition._tag
    switch (fault) {
      case "unreachable":
        return fail("Unreachable")
      case "refused":
        return fail("Refused")
      case "requestLost":
        return fail("ConnectionLost")
      case "answerLost":
        return then("ConnectionLost")
      case "timedOutBefore":
        return fail("TimedOut")
      case "timedOutAfter":
        return then("TimedOut")
      case "failedBefore":
        return fail("ServerFailure")
      case "failedAfter":
        return then("ServerFailure")
      case "hangs":
        return Effect.zipRight(
          Effect.zipRight(Effect.exit(perform), Effect.sleep(Duration.minutes(15))),
          fail("TimedOut")
        )
      case "slow":
        return still(Effect.zipRight(Effect.sleep(Duration.seconds(process.random.between(1, 300))), perform))
      case "slowDown":
        return fail("Throttled", { retryAfter: 1_000 })
      case "delayed":
        return Effect.zipRight(
          Effect.sync(() => {
            const at = world.turnstile.turns + process.random.between(1, operation === "put" ? 60 : 3)
            world.late.push({
              at,
              arrive: Effect.suspend(() => {
                note(world, short(`  late: ${process.machine.name}'s ${operation} ${name} arrives`))
                return Effect.asVoid(Effect.exit(perform))
              })
            })
          }),
          fail("TimedOut")
        )
      case "duplicated":
        return still(Effect.zipLeft(perform, Effect.exit(perform)))
      case "repeated":
        return still(Effect.zipRight(Effect.exit(perform), perform))
      case "offline":
        process.offline = true
        return fail("Unreachable")
      case "preconditionFailed":
        return condition === "IfMatch" ? fail("SwapLost") : condition === "Create" ? fail("AlreadyExists") : perform
      case "conflicting":
        return condition === "IfMatch" || condition === "Create" ? fail("SwapLost") : perform
      case "accessDenied":
        return fail("AccessDenied")
      case "credentialsExpired":
        return fail("CredentialsExpired")
      case "clockRefused":
        return fail("ClockSkewed")
      case "noSpace":
        return operation === "put" ? fail("NoSpace") : perform
      case "tornWrite":
        if (write === undefined) return perform
        return Effect.zipRight(
          Effect.sync(() => void plant(world.bucket, name, write.bytes.slice(0, write.bytes.length >> 1))),
          fail("ServerFailure")
        )
      case "conditionIgnored":
        return write === undefined || condition === "Always"
          ? perform
          : still(store.put(name, write.bytes, { ...write.options, condition: Always }) as unknown as typeof perform)
      default: {
        const wrong = made.careless?.[fault]
        return wrong === undefined ? perform : still(wrong())
      }
    }
  }
}

const isManifestWrite = ({ name, write }: Pick<Request<unknown>, "name" | "write">): boolean =>
  write !== undefined && name.startsWith("manifests/")

/** What is to go wrong with the first writing of a manifest. */
const aimed = (process: Process, made: Pick<Request<unknown>, "name" | "write">): RequestFault | undefined => {
  if (!isManifestWrite(made)) return undefined
  const fault = process.faults.get(0)
  process.faults.delete(0)
  return fault
}

/** What takes effect is looked at before anybody else comes. */
const looked = <A>(
  world: World,
  process: Process,
  effect: Effect.Effect<A, StoreError>
): Effect.Effect<A, StoreError> =>
  Effect.suspend(() => {
    const from = world.bucket.objects.changes.length
    return Effect.onExit(effect, () => afterChanges(world, process, from))
  })

const listOf = (objects: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly etag: string }>, prefix: string) =>
  [...objects]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { bytes, etag }]): ObjectInfo => ({ name, etag, size: bytes.length, storageClass: "STANDARD" }))

const absent = (name: string) => Effect.fail(new StoreError({ reason: "Absent", operation: "get", subject: name }))

export const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const flipped = Uint8Array.from(bytes)
  if (flipped.length > 0) flipped[bit >> 3]! ^= 1 << (bit & 7)
  return flipped
}

const wordsOf = (answer: Exit.Exit<unknown, StoreError>): string =>
  answer._tag === "Success" ? "ok" : answer.cause._tag === "Fail" ? answer.cause.error.reason : answer.cause._tag

/** In whose name the simulation looks for itself. */
const NOBODY = { random: { below: () => 0, between: () => 0 } } as unknown as Process
