/** What `hx doctor` looks at on this machine: Node.js, directories and files, and who may change them, the disk. */

import { Effect, Option } from "effect"
import { existsSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { accessOf, type FileAccess, hindering } from "../../platform/FileAccess.ts"
import { fileSystemOf } from "../../platform/FileSystems.ts"
import { judgeNode, nodeVersion } from "../../platform/NodeVersion.ts"
import { Paths } from "../../platform/Paths.ts"
import { type Failed, type Found, found, warning } from "../../store/Checks.ts"
import type { Reportable } from "../ErrorReport.ts"
import { bytesText } from "../Units.ts"
import { type Look, problem } from "./Look.ts"

const INSTALL_NODE = "Install Node.js 22 or 24 (nodejs.org, or your system's packages)."

const node: Look = {
  id: "Node.js",
  needs: [],
  run: Effect.flatMap(nodeVersion, (version) => {
    switch (judgeNode(version)) {
      case "tested":
        return Effect.succeed(found(version))
      case "untried":
        return Effect.succeed(warning(`${version}, with which hx has not been tested`, INSTALL_NODE))
      case "old":
        return Effect.fail(problem({ what: "Node.js is too old", subject: version, hint: INSTALL_NODE, code: 2 }))
    }
  })
}

/** What others may do with a directory or file, and what that means. */
const judge = (
  access: FileAccess,
  words: { readonly readable: "fine" | "warning" | "problem"; readonly fine: string }
): Effect.Effect<Found, Failed<Reportable>> => {
  const { path } = access
  const mend = `chmod ${access.isDirectory ? "700" : "600"} ${path}`
  const exposed = (what: string, hint: string) =>
    Effect.fail(problem({ what, subject: `${path}, mode ${access.mode}`, hint, code: 3 }))
  if (access.foreign) {
    return exposed(
      "Access Denied: this belongs to another user",
      `Run hx as its owner, or: sudo chown -R "$(id -un)" ${path}`
    )
  }
  if (access.othersWrite) return exposed("Access Denied: others can change this", `${mend}; then check what it says.`)
  if (access.othersRead && words.readable === "problem") {
    return exposed("Access Denied: others can read this secret", `${mend}; then renew it, if others use this machine.`)
  }
  return Effect.succeed(
    access.othersRead && words.readable === "warning"
      ? warning(`${path}: others can read it (mode ${access.mode})`, mend)
      : found(words.fine)
  )
}

const dataDirectory: Look<Paths> = {
  id: "data directory",
  needs: [],
  run: Effect.flatMap(Paths, ({ data }) =>
    Effect.flatMap(
      accessOf(data),
      Option.match({
        onNone: () => toBeMade(data),
        onSome: (access) => judge(access, { readable: "warning", fine: data })
      })
    )
  )
}

const toBeMade = (path: string): Effect.Effect<Found, Failed<Reportable>> =>
  Effect.flatMap(
    hindering(path),
    Option.match({
      onNone: () => Effect.succeed(found(`${path} (made when it is needed)`)),
      onSome: (above) =>
        Effect.fail(
          problem({
            what: "Access Denied: the data directory cannot be made",
            subject: `${path}: nothing may be written in ${above}`,
            hint: "Set HX_DATA_DIR to a directory that is there, or that can be made.",
            code: 3
          })
        )
    })
  )

const configDirectory: Look<Paths> = {
  id: "config directory",
  needs: [],
  run: Effect.gen(function* () {
    const { config, configFile } = yield* Paths
    const there = yield* Effect.forEach([config, configFile], accessOf)
    const [last] = there.flatMap(Option.toArray).toReversed()
    for (const each of there.flatMap(Option.toArray)) yield* judge(each, { readable: "fine", fine: "" })
    return found(last === undefined ? `${config} (not there: everything is at its default)` : last.path)
  })
}

const databaseFiles: Look<Paths> = {
  id: "database file",
  needs: [],
  run: Effect.gen(function* () {
    const { database } = yield* Paths
    const there = (yield* Effect.forEach([database, `${database}-wal`, `${database}-shm`], accessOf)).flatMap(
      Option.toArray
    )
    if (there.length === 0) return found("none yet: hx import makes it")
    const judged = yield* Effect.forEach(there, (each) => judge(each, { readable: "warning", fine: database }))
    return judged.find(({ outcome }) => outcome !== "ok") ?? found(database)
  })
}

const secrets: Look<Paths> = {
  id: "keys, credentials",
  needs: [],
  run: Effect.gen(function* () {
    const paths = yield* Paths
    const directory = dirname(paths.keys("vault"))
    const keys = yield* Effect.promise(() => readdir(directory).catch(() => []))
    const files = [paths.credentials, ...keys.map((name) => join(directory, name))]
    const there = (yield* Effect.forEach(files, accessOf)).flatMap(Option.toArray)
    for (const each of there) yield* judge(each, { readable: "problem", fine: "" })
    return found(
      there.length === 0 ? "none kept" : `for you alone (${there.length} ${there.length === 1 ? "file" : "files"})`
    )
  })
}

/** Bytes: below the first the next push or import may not fit, below the second it is time to make room. */
const NO_ROOM = 16 * 1024 * 1024
const LITTLE_ROOM = 256 * 1024 * 1024

const disk: Look<Paths> = {
  id: "disk",
  needs: [],
  run: Effect.gen(function* () {
    const { data } = yield* Paths
    const known = yield* Effect.option(fileSystemOf(firstThere(data)))
    if (Option.isNone(known)) return found("this system does not tell")
    const { free, kind = "a file system", network } = known.value
    const detail = `${kind}, ${bytesText(free)} free`
    if (free < NO_ROOM) {
      const hint = "Make room, or set HX_DATA_DIR to a directory on another disk."
      return yield* Effect.fail(problem({ what: "No space left", subject: `${data}: ${detail}`, hint, code: 6 }))
    }
    if (network) {
      return warning(
        `${detail}, over the network: slower, and no two machines may use one data directory`,
        "Set HX_DATA_DIR to a directory on a local disk."
      )
    }
    return free < LITTLE_ROOM ? warning(detail, "Make room before it is full.") : found(detail)
  })
}

const firstThere = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : firstThere(dirname(path))

export const machine: ReadonlyArray<Look<Paths>> = [node, dataDirectory, configDirectory, databaseFiles, secrets, disk]
