/** What befalls the store between requests. vault.json is left alone here: its loss and its return have tests of their own (test/sync/Init, KeyRotation). */

import { Effect } from "effect"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import type { StoreFault } from "./Faults.ts"
import { flip } from "./FaultyStore.ts"
import type { Random } from "./Random.ts"
import { happens, note, short, type World } from "./World.ts"

export const damage = (world: World, fault: StoreFault, random: Random): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { bucket } = world
    const { objects } = bucket
    const names = [...objects.keys()]
      .filter((name) => name.startsWith("manifests/") || name.startsWith("segments/"))
      .sort()
    if (names.length === 0) return
    const name = random.pick(names)
    const object = objects.get(name)!
    const done = (what: string) => {
      happens(world, fault)
      note(world, short(`  the store: ${fault}: ${what}`))
    }
    const become = (bytes: Uint8Array) => {
      plant(bucket, name, bytes)
      done(name)
    }
    const length = object.bytes.length
    switch (fault) {
      case "bitRot":
        return become(flip(object.bytes, random.below(8 * Math.max(1, length))))
      case "truncated":
        return become(object.bytes.slice(0, random.below(Math.max(1, length))))
      case "emptied":
        return become(new Uint8Array())
      case "deleted":
        objects.delete(name)
        return done(name)
      case "rolledBack": {
        // Of manifests more is promised than of what they name.
        const manifests = names.filter((each) => each.startsWith("manifests/"))
        const which = manifests.length > 0 && random.chance(0.7) ? random.pick(manifests) : name
        const versions = objects.changes.flatMap((change) =>
          change.name === which && change.is !== undefined && change.is !== objects.get(which) ? [change.is] : []
        )
        if (versions.length === 0) return
        objects.set(which, random.pick(versions))
        return done(`${which}, of ${versions.length} versions`)
      }
      case "storeRestored": {
        const then = objects.asOf(objects.changes.length - random.below(Math.min(30, objects.changes.length)))
        if (!then.has("vault.json")) return
        for (const each of [...objects.keys()]) if (!then.has(each) && each !== "vault.json") objects.delete(each)
        for (const [each, was] of then) if (each !== "vault.json" && objects.get(each) !== was) objects.set(each, was)
        return done("everything")
      }
      case "swapped": {
        const kind = name.slice(0, name.indexOf("/"))
        const other = random.pick(names.filter((each) => each.startsWith(kind)))
        const its = objects.get(other)!
        // Objects anew: what was once made of one holds for its place.
        objects.set(name, { ...its })
        objects.set(other, { ...object })
        return done(`${name} and ${other}`)
      }
      case "foreignObject": {
        const { foreign } = world
        const kind = name.slice(0, name.indexOf("/"))
        return become(random.pick(foreign.filter((each) => each.name.startsWith(kind))).bytes)
      }
      case "conflictCopy": {
        const manifests = names.filter((each) => /^manifests\/[0-9a-f]{32}\.hxm$/.test(each))
        if (manifests.length === 0) return
        const of = random.pick(manifests)
        const versions = objects.changes.flatMap((change) =>
          change.name === of && change.is !== undefined ? [change.is] : []
        )
        const copy = of.replace(".hxm", `.sync-conflict-2026112${random.below(9)}.hxm`)
        objects.set(copy, random.pick(versions))
        return done(copy)
      }
      case "junk":
        for (const each of ["manifests/readme.txt", "segments/x/y", "manifests/.stfolder", "desktop.ini"]) {
          plant(bucket, each, Buffer.from(`junk ${random.below(10)}`))
        }
        return done("files")
    }
  })
