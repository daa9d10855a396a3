import { describe, expect, it } from "@effect/vitest"
import { unknownAmong } from "../../src/platform/UnknownVariables.ts"

const messages = (...names: ReadonlyArray<string>) => unknownAmong(names).map(({ message }) => message)

describe("a variable that is none of hx", () => {
  it.each([
    ["HX_SYNC_TIMEOUTS", "HX_SYNC_TIMEOUT"],
    ["HX_SYNC_MAXRETRIES", "HX_SYNC_MAX_RETRIES"],
    ["HXSYNC_COMPRESSION", "HX_SYNC_COMPRESSION"],
    ["hx_sync_store", "HX_SYNC_STORE"],
    ["HX_DATADIR", "HX_DATA_DIR"]
  ])("but nearly one, is named with the one that is meant: %s", (name, meant) => {
    expect(messages(name)).toEqual([`${name} is no setting of hx and changes nothing; did you mean ${meant}?`])
  })

  it("is named alone where it looks like a setting of sync and like none in particular", () => {
    expect(messages("HX_SYNC_COLOUR_OF_THE_SKY")).toEqual([
      "HX_SYNC_COLOUR_OF_THE_SKY is no setting of hx and changes nothing"
    ])
  })

  it("is left alone where it is not about settings, and so is what hx reads", () => {
    expect(messages("HX_SYNC_TIMEOUT", "HX_DATA_DIR", "HX_TEST_S3_ENDPOINT", "HX_SESSION", "HXAGON", "PATH")).toEqual(
      []
    )
  })
})
