import fc from "fast-check"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { withHook, withoutHook } from "../../src/capture/RcFile.ts"
import { makeDevice, makeScratch } from "../cli/Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const shells = ["zsh", "bash", "fish"] as const

describe("the line in a start-up file", () => {
  it("goes without a trace, whatever the file holds", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...shells), (text, shell) => {
        const installed = withHook(text, shell, "/home/o'brien/hx")
        expect(installed).toBeDefined()
        expect(withoutHook(installed!)).toBe(text)
      })
    )
  })

  it("is written once", () => {
    const once = withHook("export A=1\n", "zsh", "/d/hx.zsh")!
    expect(once).toBe("export A=1\nif [[ -r '/d/hx.zsh' ]]; then source '/d/hx.zsh'; fi # hx hook\n")
    expect(withHook(once, "zsh", "/d/hx.zsh")).toBeUndefined()
  })

  it("follows the data directory to where it is now", () => {
    const moved = withHook(withHook("a", "fish", "/old/hx.fish")!, "fish", "/new/hx.fish")!
    expect(moved).toContain("/new/hx.fish")
    expect(moved).not.toContain("/old/")
    expect(withoutHook(moved)).toBe("a")
  })

  it("leaves what was written above and below it since", () => {
    const installed = withHook("a", "bash", "/d/hx.bash")!
    expect(withoutHook(`# mine\n${installed}alias ll=ls\n`)).toBe("# mine\na\nalias ll=ls\n")
  })

  it("takes a file along that was made for it", () => {
    const installed = withHook(null, "zsh", "/d/hx.zsh")!
    expect(withoutHook(installed)).toBeNull()
    expect(withoutHook(`${installed}alias ll=ls\n`)).toBe("alias ll=ls\n")
  })
})

describe("hx hook install", () => {
  it("keeps a copy, the file's mode and the link that leads to it; uninstall leaves the file byte for byte as it was", async () => {
    const device = makeDevice(scratch.path, "dotfiles")
    const dotfiles = join(device.home, "dotfiles")
    mkdirSync(dotfiles)
    const bytes = Buffer.from("# caf\xe9\nalias x=y", "latin1")
    const [real, rc] = [join(dotfiles, "bashrc"), join(device.home, ".bashrc")]
    writeFileSync(real, bytes)
    chmodSync(real, 0o640)
    symlinkSync(real, rc)
    const { hooks } = (await device.json(["hook", "install", "bash"])) as { hooks: ReadonlyArray<{ backup: string }> }
    expect(hooks).toMatchObject([{ shell: "bash", rc, changed: true }])
    expect(readFileSync(hooks[0]!.backup)).toEqual(bytes)
    expect(await device.json(["hook", "install", "bash"])).toMatchObject({ hooks: [{ changed: false, backup: null }] })
    expect(lstatSync(rc).isSymbolicLink()).toBe(true)
    expect(statSync(real).mode & 0o777).toBe(0o640)
    expect(await device.json(["hook", "uninstall"])).toMatchObject({ hooks: [{ shell: "bash", changed: true }] })
    expect(readFileSync(real)).toEqual(bytes)
    expect(existsSync(hooks[0]!.backup)).toBe(false)
    expect((await device.hx(["hook", "uninstall"])).stdout).toBe("No hook is installed.\n")
  })

  it("asks which shell, where it does not know", async () => {
    const device = makeDevice(scratch.path, "tcsh")
    const { code, stderr } = await device.hx(["hook", "install"], { env: { SHELL: "/bin/tcsh" } })
    expect(code).toBe(2)
    expect(stderr).toContain("hx hook install zsh|bash|fish")
    expect(existsSync(device.data)).toBe(false)
  })

  it("prints a hook for who loads it otherwise, with what is wished in it", async () => {
    const device = makeDevice(scratch.path, "printed")
    for (const shell of shells) {
      const plain = (await device.hx(["hook", shell])).stdout
      expect(plain).toMatch(/yes/)
      expect(plain).not.toMatch(/@[A-Z_]+@/)
      expect((await device.hx(["hook", shell, "--no-ctrl-r", "--up"])).stdout).not.toBe(plain)
    }
  })
})
