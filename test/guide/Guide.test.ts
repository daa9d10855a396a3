/**
 * Runs the guide: every block of docs/guide, in order, as somebody would who pastes it into a terminal, on a real S3 server that is reached under AWS's
 * names. What is replaced: the bucket and the keys of the examples, and the port of the server at hand.
 */

import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeScratch } from "../cli/Hx.ts"
import { realServer } from "../store/S3Fixture.ts"
import { type GuideDevice, makeGuideDevice } from "./GuideDevice.ts"
import { missingLine, type Step, stepsOf } from "./GuidePage.ts"
import { type Internet, startInternet } from "./Internet.ts"
import { startTokenService, type TokenService } from "./TokenService.ts"

const GUIDE = fileURLToPath(new URL("../../docs/guide/", import.meta.url))
const pages = readdirSync(GUIDE).filter((name) => name.endsWith(".md"))
const server = realServer()
const hasAwsTools = spawnSync("aws", ["--version"]).status === 0

/** What each machine has typed before it met hx, and whatever it is called. */
const HISTORIES: Readonly<Record<string, string>> = {
  desktop: ": 1700000200:1;make test\n: 1700000260:3;git commit -m first\n",
  other: ": 1700000000:4;docker run --rm alpine\n: 1700000060:2;git status\n"
}

describe("the guide", () => {
  it("says of each of its blocks what is done with it", () => {
    for (const page of pages) expect(stepsOf(readFileSync(join(GUIDE, page), "utf8"))).toBeDefined()
  })
})

describe.skipIf(server === undefined || !hasAwsTools)(
  "the guide, pasted from top to bottom (skipped without HX_TEST_S3_ENDPOINT or the AWS tools)",
  () => {
    let internet: Internet
    let sts: TokenService
    const scratch = makeScratch()
    beforeAll(async () => {
      const s3 = server?.endpoint ?? ""
      sts = await startTokenService()
      internet = await startInternet({
        "s3.us-west-2.amazonaws.com": s3,
        "sts.us-west-2.amazonaws.com": sts.endpoint,
        "*.s3.us-west-2.amazonaws.com": s3,
        "s3.wasabisys.com": s3,
        "*.s3.wasabisys.com": s3
      })
    })
    afterAll(async () => {
      await internet.stop()
      sts.stop()
      scratch.remove()
    })

    for (const page of pages) {
      it(`${page} does what it says`, { timeout: 300_000 }, async () => {
        await playPage(join(scratch.path, page), readFileSync(join(GUIDE, page), "utf8"), internet)
      })
    }
  }
)

const playPage = async (directory: string, text: string, internet: Internet): Promise<void> => {
  mkdirSync(join(directory, "usb"), { recursive: true })
  writeFileSync(join(directory, "authority.pem"), internet.certificate)
  const concrete = substitution()
  const devices = new Map<string, GuideDevice>()
  let last: GuideDevice | undefined
  let printed = ""
  for (const step of stepsOf(text)) {
    switch (step.kind) {
      case "run": {
        last = devices.get(step.device) ?? newDevice(directory, step.device, internet)
        devices.set(step.device, last)
        const ran = await last.run(concrete(step.script))
        printed = ran.printed
        expect(ran.code, `${told(step)}${step.script}\n${printed}`).toBe(step.exit)
        expect(printed, told(step)).not.toContain(server?.secretKey)
        break
      }
      case "prints": {
        const missing = missingLine(step.lines.map(concrete), printed)
        expect(missing, `${told(step)}not printed: ${missing ?? ""}\n\n${printed}`).toBeUndefined()
        break
      }
      case "file": {
        // A file is for the device that is told of next or was told of last; all have the same.
        const into = last ?? newDevice(directory, "laptop", internet)
        writeFileSync(join(into.directory(), step.name), concrete(step.text))
        break
      }
      case "look":
    }
  }
}

const told = (step: Step): string => `line ${step.line}: `

const newDevice = (directory: string, name: string, internet: Internet): GuideDevice => {
  const home = join(directory, name)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, ".zsh_history"), HISTORIES[name] ?? HISTORIES["other"] ?? "")
  symlinkSync(join(directory, "usb"), join(home, "usb"))
  return makeGuideDevice(directory, name, {
    HTTPS_PROXY: internet.proxy,
    NO_PROXY: "localhost,127.0.0.1",
    AWS_CA_BUNDLE: join(directory, "authority.pem"),
    HX_SYNC_MAX_RETRIES: "1"
  })
}

/** Buckets are named anew for each page; everything else of an example stays as it is written. */
const substitution = (): ((text: string) => string) => {
  const bucket = `your-bucket-${randomBytes(4).toString("hex")}`
  const { port } = new URL(server?.endpoint ?? "http://localhost")
  return (text) =>
    text
      .replaceAll("your-bucket", bucket)
      .replaceAll("your-access-key", server?.accessKey ?? "")
      .replaceAll("your-secret-key", server?.secretKey ?? "")
      .replaceAll("localhost:9000", `localhost:${port}`)
}
