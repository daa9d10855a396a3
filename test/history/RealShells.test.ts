/**
 * Our formats before the shells that own them. A shell that is not installed is skipped, by name; CI has all three.
 * Each run of a shell costs tens of milliseconds, so one run gets a whole batch of commands.
 */

import { it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect } from "vitest"
import * as RawText from "../../src/domain/RawText.ts"
import { command, commandBytes, plainEntry } from "./Commands.ts"
import { exportAll, importAll } from "./Files.ts"
import { isInstalled, readWithFish, rewrite, write } from "./RealShells.ts"

const RUNS = { fastCheck: { numRuns: 8 } }

/** In the past: fish hides what is newer than itself. */
const start = fc.integer({ min: 1_000_000_000, max: 1_700_000_000 }).map((seconds) => seconds * 1_000_000)

const dated = (commands: fc.Arbitrary<string>) =>
  fc.array(fc.record({ start, command: commands }).map(plainEntry), { minLength: 20, maxLength: 60 })

const commandsOf = (format: "zsh" | "bash" | "fish", bytes: Uint8Array) =>
  importAll(format, bytes).entries.map((entry) => entry.command)

describe.skipIf(!isInstalled("zsh"))("zsh (skipped where it is not installed)", () => {
  it.prop(
    "reads what we export and writes the same bytes again",
    [dated(command)],
    ([entries]) => {
      const ours = exportAll("zsh", entries)
      expect(rewrite("zsh", ours)).toEqual(ours)
    },
    RUNS
  )

  it.prop(
    "writes what we import as it was typed",
    [fc.array(commandBytes, { minLength: 20, maxLength: 60 })],
    ([commands]) => {
      expect(commandsOf("zsh", write("zsh", commands))).toEqual(commands.map(RawText.fromBytes))
    },
    RUNS
  )
})

/** bash's file cannot hold more than this: no empty lines, no line that begins like a time, no carriage return at a line's end. */
const bashCommand = command
  .map((text) => text.replace(/\n+$/, ""))
  .filter((text) => !/^$|^#\d|\r$/m.test(text) && /\S/.test(text))

describe.skipIf(!isInstalled("bash"))("bash (skipped where it is not installed)", () => {
  it.prop(
    "reads what we export and writes the same bytes again",
    [dated(bashCommand)],
    ([entries]) => {
      const ours = exportAll("bash", entries)
      expect(rewrite("bash", ours)).toEqual(ours)
    },
    RUNS
  )

  it.prop(
    "writes what we import as it was typed",
    [fc.array(commandBytes, { minLength: 20, maxLength: 60 })],
    ([commands]) => {
      const typed = commands
        .map((bytes) => RawText.fromBytes(bytes).replace(/\n+$/, ""))
        .filter((text) => !/^#([1-9]\d{9}|0)$/m.test(text))
      const written = write("bash", typed.map(RawText.toBytes))
      expect(commandsOf("bash", written)).toEqual(typed)
    },
    RUNS
  )
})

/** fish itself loses what a command has before a second `- cmd:`. */
const fishCommand = command.filter((text) => !/^\s*- cmd:/.test(text))

describe.skipIf(!isInstalled("fish"))("fish (skipped where it is not installed)", () => {
  it.prop(
    "reads what we export as it was",
    [dated(fishCommand)],
    ([entries]) => {
      const newest = new Map(entries.map((entry) => [entry.command, (entry.start ?? 0) / 1_000_000]))
      const read = readWithFish(exportAll("fish", entries)).map(
        ([seconds, bytes]) => [RawText.fromBytes(bytes), seconds] as const
      )
      expect(new Map(read)).toEqual(newest)
    },
    RUNS
  )
})
