/** Arbitrary commands, made of what history formats trip over, and entries around them. */

import { FastCheck as fc } from "effect"
import { DeviceId } from "../../src/domain/Device.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { importedId } from "../../src/domain/EntryId.ts"
import * as RawText from "../../src/domain/RawText.ts"

export const DEVICE = DeviceId("0123456789abcdef0123456789abcdef")

const FRAGMENTS = [
  "echo",
  "ls -la",
  " ",
  "  ",
  "\\",
  "\n",
  "\n\n",
  "\\\n",
  "\\ ",
  "\\n",
  "\t",
  "\r",
  "'",
  '"',
  "é",
  "日本",
  "👩‍💻",
  "\u202e",
  ":",
  ": 1:2;",
  ": 1700000000:5;",
  "#",
  "#12345",
  "# x",
  "- cmd: x",
  "  when: 5",
  "cat <<EOF\n",
  "EOF",
  "{",
  '"command":',
  "\x7f",
  "\x1b[31m"
].map((text) => Buffer.from(text))

/** Byte strings without NUL that are not blank: mostly text, often bytes that no UTF-8 has. */
export const commandBytes: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...FRAGMENTS) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(0x82, 0x83, 0x84, 0xa2, 0xa3, 0xc3, 0xe3, 0xf4, 0xff).map((byte) => Buffer.of(byte))
      },
      { weight: 1, arbitrary: fc.constant(Buffer.from([0xf4, 0x8f, 0xbe, 0x80])) },
      {
        weight: 1,
        arbitrary: fc
          .uint8Array({ minLength: 1, maxLength: 4 })
          .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)))
      }
    ),
    { minLength: 1, maxLength: 12 }
  )
  .map((parts) => Buffer.concat(parts))
  .filter((bytes) => /\S/.test(bytes.toString("latin1")))

export const command: fc.Arbitrary<string> = commandBytes.map(RawText.fromBytes)

const text = fc.option(fc.oneof(command, fc.constantFrom("/home/me", "laptop", "")), { nil: null })

/** Starts between 2001-09-09 and 2286, in whole seconds, unless asked for in microseconds. */
export const start = (unit: 1 | 1_000_000): fc.Arbitrary<number> =>
  unit === 1
    ? fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    : fc.integer({ min: 1_000_000_000, max: 9_007_199_254 }).map((seconds) => seconds * 1_000_000)

/** Any entry that a backup may hold. */
export const entry: fc.Arbitrary<Entry> = fc
  .record({
    start: fc.option(start(1), { nil: null }),
    duration: fc.option(fc.integer({ min: 0, max: 2 ** 45 }), { nil: null }),
    exit: fc.option(fc.integer({ min: 0, max: 255 }), { nil: null }),
    command,
    cwd: text,
    session: text,
    host: text,
    user: text,
    shell: text,
    ordinal: fc.integer({ min: 0, max: 3 })
  })
  .map((body) => ({
    ...body,
    id: importedId(body.start, body.command, body.ordinal),
    origin: "import:zsh",
    device: DEVICE
  }))

/** What a shell's own file knows of a command. */
export const shellEntry = (commands: fc.Arbitrary<string>): fc.Arbitrary<Entry> =>
  fc.record({ start: fc.option(start(1_000_000), { nil: null }), command: commands }).map(plainEntry)

export const plainEntry = (body: { readonly start: number | null; readonly command: string }): Entry => ({
  ...body,
  id: importedId(body.start, body.command, 0),
  duration: null,
  exit: null,
  cwd: null,
  session: null,
  host: null,
  user: null,
  shell: null,
  origin: "import:zsh",
  device: DEVICE,
  ordinal: 0
})
