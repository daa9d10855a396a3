import { describe, expect, it } from "@effect/vitest"
import {
  type Agreement,
  compareBoundaries,
  type Decision,
  decide,
  judgePeer,
  type RemoteManifest
} from "../../src/sync/Conflict.ts"

const known = { sequence: 5, nonce: "ours" }
const intents = [{ nonce: "intended" }]
const found = (sequence: number, nonce: string, agrees = false): RemoteManifest => ({
  _tag: "Found",
  sequence,
  nonce,
  agrees
})
const absent: RemoteManifest = { _tag: "Absent" }
const unreadable: RemoteManifest = { _tag: "Unreadable", detail: "tag" }

describe("the table of conflicts", () => {
  const rows: ReadonlyArray<readonly [string, typeof known | null, RemoteManifest, Decision["_tag"]]> = [
    ["nothing there, nothing published: go on", null, absent, "Proceed"],
    ["what we published: go on", known, found(5, "ours"), "Proceed"],
    ["our own PUT whose answer was lost: adopt", known, found(6, "intended"), "Adopt"],
    ["the same at the first publication: adopt", null, found(1, "intended"), "Adopt"],
    ["ours from before a reset, the logs agree: adopt", null, found(9, "unknown", true), "Adopt"],
    ["a log from before a reset that went on without us: fork", null, found(9, "unknown"), "Fork"],
    ["a clone published after us: fork", known, found(6, "unknown"), "Fork"],
    ["a clone published the same sequence: fork", known, found(5, "unknown"), "Fork"],
    ["a clone whose log happens to agree: fork all the same", known, found(6, "unknown", true), "Fork"],
    ["the store went back: stop", known, found(4, "unknown"), "RolledBack"],
    ["the manifest is gone: stop", known, absent, "RolledBack"],
    ["our manifest does not open: stop", known, unreadable, "Corrupt"],
    ["it does not open, after a reset: replace", null, unreadable, "Replace"]
  ]
  it.each(rows)("%s", (_name, publication, remote, decision) => {
    expect(decide(publication, intents, remote)._tag).toBe(decision)
  })

  it("names what it found of a store that went back", () => {
    expect(decide(known, [], found(4, "unknown"))).toEqual({ _tag: "RolledBack", theirs: 4 })
    expect(decide(known, [], absent)).toEqual({ _tag: "RolledBack", theirs: null })
  })
})

describe("comparing logs", () => {
  const ours = [
    { at: 10, chain: "a" },
    { at: 20, chain: "b" }
  ]
  it.each<readonly [string, ReadonlyArray<{ at: number; chain: string }>, Agreement]>([
    ["nothing in common says nothing", [{ at: 15, chain: "x" }], { _tag: "Agree", common: 0 }],
    ["the last common boundary", [...ours, { at: 30, chain: "c" }], { _tag: "Agree", common: 20 }],
    ["boundaries that a merge removed are not missed", [{ at: 20, chain: "b" }], { _tag: "Agree", common: 20 }],
    [
      "another hash at a boundary we passed",
      [
        { at: 10, chain: "a" },
        { at: 20, chain: "z" }
      ],
      { _tag: "Diverge", common: 10 }
    ]
  ])("%s", (_name, theirs, agreement) => {
    expect(compareBoundaries(ours, theirs)).toEqual(agreement)
  })
})

describe("believing a peer", () => {
  it.each([
    [5, 5, 5, "Current"],
    [6, 5, 5, "Current"],
    [4, 5, 0, "WentBack"],
    [4, 0, 5, "WentBack"]
  ] as const)("sequence %i, seen by us %i, by others %i: %s", (sequence, byUs, byOthers, verdict) => {
    expect(judgePeer(sequence, byUs, byOthers)._tag).toBe(verdict)
  })
})
