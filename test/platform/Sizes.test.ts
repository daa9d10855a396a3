import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc, Option } from "effect"
import { formatSize, parseSize } from "../../src/platform/Sizes.ts"

const bytes = (text: string) => Option.getOrUndefined(parseSize(text))

describe("sizes", () => {
  it("are bytes, or in decimal or binary units", () => {
    expect(bytes("1024")).toBe(1024)
    expect(bytes("1024B")).toBe(1024)
    expect(bytes("5MB")).toBe(5_000_000)
    expect(bytes("8MiB")).toBe(8_388_608)
    expect(bytes("8 mib")).toBe(8_388_608)
    expect(bytes("1GiB")).toBe(1_073_741_824)
  })

  it.each(["", "MiB", "1.5MiB", "-1", "8M", "8mi", "1e6", "99999999TiB", "8MiBs"])("are not %j", (text) =>
    expect(parseSize(text)).toEqual(Option.none())
  )

  it("are shown as text that is read back as the same", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        expect(bytes(formatSize(size))).toBe(size)
      })
    )
    expect(formatSize(8_388_608)).toBe("8MiB")
  })
})
