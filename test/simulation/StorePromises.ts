/** What is promised of the store, checked whenever a device's request has changed it. Numbers are those of sync.md §7. */

import { Effect, Option } from "effect"
import { type DeviceId, isDeviceId } from "../../src/domain/Device.ts"
import { inspect, manifestContext, open, segmentContext } from "../../src/format/Envelope.ts"
import { type Keyring, plainKeyring } from "../../src/format/Keyring.ts"
import { decode, type Manifest, MAX_MANIFEST_PLAINTEXT } from "../../src/format/Manifest.ts"
import type { MemoryObject } from "../../src/store/MemoryObjectStore.ts"
import { parseManifestName, segmentName } from "../../src/sync/ObjectNames.ts"
import { type Process, short, violated, type World } from "./World.ts"

type Change = World["bucket"]["objects"]["changes"][number]

/** Looks at what has changed since, as this process's doing. */
export const afterChanges = (world: World, process: Process, from: number): Effect.Effect<void> =>
  Effect.forEach(
    world.bucket.objects.changes.slice(from),
    (change) => {
      if (change.is !== undefined) {
        const written = world.vault.written.get(change.name) ?? new Set()
        world.vault.written.set(change.name, written.add(change.is.etag))
      }
      if (/^manifests\/[0-9a-f]{32}\.hxm$/.test(change.name)) return afterManifest(world, process, change)
      if (change.name.startsWith("segments/") && change.is === undefined) return afterDeletion(world, process, change)
      return Effect.void
    },
    { discard: true }
  )

const opened = new WeakMap<MemoryObject, Manifest | null>()

/** A manifest as whoever has the machine's keys reads it; null where it cannot be read. */
export const readManifest = (
  keyrings: Iterable<Keyring>,
  name: string,
  object: MemoryObject
): Effect.Effect<Manifest | null> =>
  Effect.gen(function* () {
    const known = opened.get(object)
    if (known !== undefined) return known
    const device = parseManifestName(name)?.device
    if (device === undefined) return null
    let manifest: Manifest | null = null
    for (const keyring of keyrings) {
      manifest ??= yield* open(object.bytes, manifestContext(device), keyring, {
        maxPlaintext: MAX_MANIFEST_PLAINTEXT
      }).pipe(
        Effect.flatMap((plaintext) => decode(plaintext, device)),
        Effect.orElseSucceed(() => null)
      )
    }
    opened.set(object, manifest)
    return manifest
  })

export const keyringsOf = (world: World): ReadonlyArray<Keyring> =>
  world.circumstances.encrypted
    ? world.machines.flatMap(({ disk }) => [...disk.keys.values()])
    : [plainKeyring(world.vault.id)]

/** The manifests that stand. Copies beside them speak of what may be gone. */
export const standing = (world: World): Effect.Effect<ReadonlyArray<Manifest>> =>
  Effect.map(
    Effect.forEach(
      [...world.bucket.objects].filter(([name]) => parseManifestName(name)?.isCopy === false),
      ([name, object]) => readManifest(keyringsOf(world), name, object)
    ),
    (manifests) => manifests.filter((manifest) => manifest !== null)
  )

const afterManifest = (world: World, process: Process, { is, name, was }: Change): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { machine } = process
    const broken = (promise: number, what: string) =>
      violated(world, promise, short(`${machine.name} put ${name}: ${what}`))
    if (is === undefined) return yield* afterRetirement(world, process, name, broken)
    const manifest = yield* readManifest(keyringsOf(world), name, is)
    if (manifest === null) return broken(9, "nobody who has the vault's key can read it")
    const honest = world.circumstances.honesty === "honest"
    const conditional = isConditional(world)
    if (honest) durable(world, manifest, broken)
    const device = yield* Effect.orDie(machine.disk.db.device.id)
    const { log } = machine.disk.db
    if (manifest.device !== device) return
    const end = yield* Effect.orDie(log.end)
    if (manifest.last > end || manifest.chain !== (yield* Effect.orDie(log.chainAt(manifest.last)))) {
      broken(7, "it does not say what its log says")
    }
    const former = was === undefined ? null : yield* readManifest(keyringsOf(world), name, was)
    if (former !== null && conditional) {
      // What it replaces told nothing that the writer does not know: another installation's publication is never written over.
      const known = former.last <= end && former.chain === (yield* Effect.orDie(log.chainAt(former.last)))
      if (!known) broken(7, `it wrote over publication ${former.sequence}, which has operations that it lacks`)
      if (former.sequence >= manifest.sequence)
        broken(10, `publication ${manifest.sequence} follows ${former.sequence}`)
    }
    const highest = world.vault.highest.get(device) ?? 0
    if (honest && conditional && manifest.sequence <= highest) {
      broken(10, `publication ${manifest.sequence}, though ${highest} had stood there`)
    }
    world.vault.highest.set(device, Math.max(highest, manifest.sequence))
    const identities = yield* Effect.orDie(log.identities(1, Math.min(end, manifest.last)))
    if (honest) for (const identity of identities) world.model.published.add(identity)
    const until = world.turnstile.now
    if (former !== null) {
      for (const { id } of former.segments) world.vault.namedUntil.set(segmentName(device, id), until)
    }
  })

/** Promise 7: a manifest is deleted by nobody but who retires its device, and has published before all that is known of that one. */
const afterRetirement = (
  world: World,
  { machine }: Process,
  name: string,
  broken: (promise: number, what: string) => void
) =>
  Effect.gen(function* () {
    const device = parseManifestName(name)?.device
    if (device === undefined || !world.vault.retired.has(device)) return broken(7, "it deleted a manifest")
    const self = yield* Effect.orDie(machine.disk.db.device.id)
    const manifests = yield* standing(world)
    if (!manifests.some((each) => each.device === self && each.retired.some((gone) => gone.device === device)))
      broken(7, "it deleted the manifest of a device that it does not say to have retired")
  })

/** Promise 5. */
const durable = (world: World, manifest: Manifest, broken: (promise: number, what: string) => void): void => {
  for (const { id, sealed } of manifest.segments) {
    const size = world.bucket.objects.get(segmentName(manifest.device, id))?.bytes.length
    if (size === undefined) broken(5, `it names segment ${id}, which is not there`)
    else if (size !== sealed) broken(5, `it names segment ${id} of ${sealed} bytes; there are ${size}`)
  }
}

export const isConditional = ({ bucket: { conditions } }: World): boolean =>
  conditions.create === "honoured" && ["both", "quoted", "unquoted"].includes(conditions.ifMatch)

/** An hour, less what a clock may be off by between two looks at it. */
const GRACE = 59 * 60 * 1000

/** Promise 6. */
const afterDeletion = (world: World, process: Process, { name, was }: Change): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { machine } = process
    const broken = (what: string) => violated(world, 6, short(`${machine.name} deleted ${name}: ${what}`))
    const [, device = ""] = name.split("/")
    const manifests = yield* standing(world)
    const names = (manifest: Manifest) => manifest.segments.some(({ id }) => segmentName(manifest.device, id) === name)
    if (manifests.some(names)) return broken("a manifest that stands names it")
    const own = yield* Effect.orDie(machine.disk.db.device.id)
    if (!isDeviceId(device) || device !== own) return
    // Under the old key there is nothing that anybody has to go on reading: who holds such a manifest reads it again.
    if (was !== undefined && epochOf(was) < world.vault.epoch) return
    const until = world.vault.namedUntil.get(name)
    if (until === undefined || world.vault.clocksJumped || world.turnstile.now - until >= GRACE) return
    const purged = new Set(yield* Effect.orDie(machine.disk.db.log.everPurged))
    const extent = yield* extentOf(world, name)
    if (extent === null) return
    for (let number = extent.first; number <= extent.last; number++) if (purged.has(number)) return
    broken("a reader may still hold the manifest that named it, and nothing in it is forgotten")
  })

/** Which operations a segment holds, as a manifest that once named it says. */
const extentOf = (world: World, name: string) =>
  Effect.gen(function* () {
    for (const { is, name: of } of world.bucket.objects.changes.toReversed()) {
      if (is === undefined || !of.startsWith("manifests/")) continue
      const manifest = yield* readManifest(keyringsOf(world), of, is)
      const found = manifest?.segments.find(({ id }) => segmentName(manifest.device as DeviceId, id) === name)
      if (found !== undefined) return found
    }
    return null
  })

const epochOf = ({ bytes }: MemoryObject): number =>
  Option.match(Effect.runSync(Effect.option(inspect(bytes, segmentContext("" as DeviceId, "")))), {
    onNone: () => 0,
    onSome: ({ epoch }) => epoch
  })
