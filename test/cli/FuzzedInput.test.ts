/** What people type and write into config.yaml, damaged: read as it was meant, or refused with the error that says how it should be. */

import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import { parseWhen } from "../../src/cli/When.ts"
import { readConfigFile } from "../../src/platform/ConfigFile.ts"
import { formatDuration, parseDuration } from "../../src/platform/Durations.ts"
import { formatSize, parseSize } from "../../src/platform/Sizes.ts"
import { formatLocation, parseStoreUrl } from "../../src/store/StoreUrl.ts"
import { campaign, casesOf, FUZZ_TIMEOUT, mutate } from "../Fuzz.ts"

const typed = (random: SeededRandom, samples: ReadonlyArray<string>, tokens: ReadonlyArray<string> = []): string =>
  mutate(
    random,
    samples.map((sample) => Buffer.from(sample)),
    tokens
  ).toString("utf8")

const BASE = { workingDirectory: "/work", home: "/home/somebody" }
const SECRET = "wJalrXUtnFEMI"

const URLS = [
  "s3://bucket/prefix?region=us-west-2",
  `s3://bucket?endpoint=http%3A%2F%2F127.0.0.1%3A9000&path_style=true&access_key=AKIA&secret_key=${SECRET}`,
  "folder:/srv/sync",
  "folder:~/sync",
  "file:///srv/a%20b"
]
const URL_TOKENS = [
  "?",
  "&",
  "=",
  "%",
  "%2",
  "://",
  "endpoint=",
  "region=",
  "secret_key=",
  "..",
  "//",
  "@",
  "[::1]",
  ":99999"
]

/** Nobody can tell a secret where a bucket's name or a region belongs. Its parameter's name may be misspelt. */
const isInItsPlace = (url: string): boolean =>
  /^s3:/i.test(url.trim()) && !url.replaceAll(/[?&]s[^&=]*=[^&]*/g, "").includes(SECRET)

const KEYS = ["sync.timeout", "sync.max_retries", "sync.store"]
const YAML = [
  "sync:\n  timeout: 1m\n  max_retries: 8\n",
  "sync: { timeout: 30s, store: 's3://b' } # a comment\n",
  "a: &x [1, 2]\nb: *x\n--- \nc: !!binary aGk=\n"
]

describe("damaged input", { timeout: FUZZ_TIMEOUT }, () => {
  it.effect("durations", () =>
    campaign({
      seed: 31,
      cases: casesOf(0.05),
      next: (random) => typed(random, ["500ms", "30s", "1m30s", "2h", "1d2h3m4s5ms"], ["s", "m", "h", "9"]),
      run: (text) =>
        Effect.map(parseDuration(text), (read) => {
          expect(parseDuration(formatDuration(read))).toEqual(Option.some(read))
          return true
        }),
      accepted: 0.01
    })
  )

  it.effect("sizes", () =>
    campaign({
      seed: 32,
      cases: casesOf(0.05),
      next: (random) => typed(random, ["1024", "512KiB", "5MB", "8MiB", "9 TiB"], ["K", "i", "B", "9"]),
      run: (text) =>
        Effect.map(parseSize(text), (read) => {
          expect(parseSize(formatSize(read))).toEqual(Option.some(read))
          return true
        }),
      accepted: 0.01
    })
  )

  it.effect("moments", () =>
    campaign({
      seed: 33,
      cases: casesOf(0.02),
      next: (random) =>
        typed(random, [
          "2023-03-01",
          "2023-03-01 14:30",
          "15m",
          "2 weeks ago",
          "yesterday",
          "@1700000000",
          "last monday"
        ]),
      run: (text) =>
        Effect.map(parseWhen(text, 1_700_000_000_000_000), (read) => {
          expect(Number.isSafeInteger(read)).toBe(true)
          return true
        }),
      accepted: 0.01
    })
  )

  it.effect("store URLs, whose errors repeat no secret", () =>
    campaign({
      seed: 34,
      cases: casesOf(0.1),
      next: (random) => typed(random, URLS, URL_TOKENS),
      run: (text) =>
        Effect.sync(() => {
          const read = parseStoreUrl(text, BASE)
          if (Either.isLeft(read)) {
            const { next, what, where } = read.left
            if (isInItsPlace(text)) expect([what, where, next].join("\n")).not.toContain(SECRET)
            return false
          }
          const written = formatLocation(read.right.location)
          if (isInItsPlace(text)) expect(written).not.toContain(SECRET)
          expect(Either.map(parseStoreUrl(written, BASE), ({ location }) => location)).toEqual(
            Either.right(read.right.location)
          )
          return true
        }),
      accepted: 0.02
    })
  )

  it.effect("config.yaml", () =>
    Effect.acquireUseRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "hx-fuzz-"))),
      (directory) =>
        campaign({
          seed: 35,
          cases: casesOf(0.02),
          next: (random) =>
            typed(random, YAML, ["&a ", "*a", "<<: ", "!!js/function ", "? ", "- ", ": ", "  ", "{", "|", ">"]),
          run: (text) =>
            Effect.suspend(() => {
              writeFileSync(join(directory, "config.yaml"), text)
              return Effect.map(readConfigFile(join(directory, "config.yaml"), KEYS), ({ values }) => values.size > 0)
            })
        }),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
    )
  )
})
