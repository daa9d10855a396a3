/** The data directory as the built program makes and opens it: whatever the umask, for its owner alone; what others could have changed is told or refused. */

import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { type Device, ENTRY, makeDevice, makeScratch } from "./Hx.ts"
import { nobody, whyNotAsNobody } from "./Nobody.ts"

const scratch = makeScratch()
afterAll(scratch.remove)
let made = 0

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

/** Runs it under this umask. */
const under = (umask: string, device: Device, ...words: ReadonlyArray<string>) =>
  execFileSync("/bin/sh", ["-c", `umask ${umask}; exec "$@"`, "sh", process.execPath, ENTRY, ...words], {
    env: device.env,
    encoding: "utf8"
  })

const withHistory = async () => {
  const device = makeDevice(scratch.path, `device-${++made}`)
  writeFileSync(join(device.home, "history"), "ls\npwd\n")
  await device.json(["import", "--file", join(device.home, "history")])
  return device
}

describe("a data directory", { timeout: 120_000 }, () => {
  it.each(["000", "077", "027"])("made under umask %s is its owner's alone, and so is the store in it", (umask) => {
    const device = makeDevice(scratch.path, `umask-${umask}`)
    const history = join(device.home, "history")
    writeFileSync(history, "ls\n")
    under(umask, device, "import", "--file", history)
    under(umask, device, "sync", "init")
    under(umask, device, "sync", "push")
    expect(mode(device.data)).toBe("700")
    const files = readdirSync(device.data, { recursive: true, withFileTypes: true })
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) {
      const path = join(file.parentPath, file.name)
      expect([path, mode(path)]).toEqual([path, file.isDirectory() ? "700" : "600"])
    }
  })

  it("that others could write in is closed to them, once, with a warning", async () => {
    const device = await withHistory()
    chmodSync(device.data, 0o777)
    chmodSync(join(device.data, "history.db"), 0o660)
    const warned = await device.hx(["find", "ls"])
    expect(warned.code).toBe(0)
    expect(warned.stderr).toMatch(
      /^warn: Other users could change .*\/hx; its mode is now 0755\nwarn: Other users could change .*history\.db; its mode is now 0640\n$/
    )
    expect((await device.hx(["find", "ls"])).stderr).toBe("")
  })

  it("whose journal is a link, or whose database leads into another's directory, is refused, exit 3", async () => {
    const device = await withHistory()
    const elsewhere = join(scratch.path, "elsewhere")
    writeFileSync(elsewhere, "of somebody")
    symlinkSync(elsewhere, join(device.data, "history.db-journal"))
    const refused = await device.hx(["find", "ls"])
    expect([refused.code, refused.stdout]).toEqual([3, ""])
    expect(refused.stderr).toMatch(
      /^Access Denied: others can change the history database\n.*history\.db-journal is a symbolic link, which hx never makes\n/
    )
  })

  it("is found through links of one's own: the directory, and the database on another disk", async () => {
    const device = await withHistory()
    const [far, disk] = [join(scratch.path, "far"), join(scratch.path, "disk")]
    renameSync(device.data, far)
    symlinkSync(far, device.data)
    mkdirSync(disk, { mode: 0o700 })
    renameSync(join(far, "history.db"), join(disk, "history.db"))
    symlinkSync(join(disk, "history.db"), join(far, "history.db"))
    const found = await device.hx(["find", "ls"])
    expect([found.code, found.stderr]).toEqual([0, ""])
    expect(found.stdout).toContain("ls")
  })

  it("whose key is a link is not synced with: the link is never followed", async () => {
    const device = await withHistory()
    await device.json(["sync", "init", "--store", `folder:${join(scratch.path, `store-${++made}`)}`])
    const keys = join(device.data, "keys")
    const [key = ""] = readdirSync(keys)
    renameSync(join(keys, key), join(device.home, "key"))
    symlinkSync(join(device.home, "key"), join(keys, key))
    const refused = await device.hx(["sync", "push"])
    expect(refused.code).toBe(3)
    expect(refused.stderr).toMatch(
      /^Access Denied: others can change a private file\n.*\n.*[Ii]t is a symbolic link, which hx never makes/
    )
  })

  it("of settings that others can change is told of", async () => {
    const device = await withHistory()
    const config = join(device.home, ".config", "hx")
    mkdirSync(config, { recursive: true })
    writeFileSync(join(config, "config.yaml"), "sync:\n  timeout: 20s\n")
    chmodSync(join(config, "config.yaml"), 0o666)
    const told = await device.hx(["config"])
    expect(told.code).toBe(0)
    expect(told.stderr).toMatch(/Other users can change .*config\.yaml, and so the settings of hx: chmod go-w /)
  })

  const impossible = nobody === undefined ? "only root can make one" : whyNotAsNobody
  it.skipIf(impossible !== undefined)(
    `of another user is refused, exit 3${impossible === undefined ? "" : ` (${impossible})`}`,
    async () => {
      const device = await withHistory()
      const data = join(scratch.path, "foreign")
      renameSync(device.data, data)
      for (const path of [scratch.path, data]) chmodSync(path, 0o755)
      chmodSync(join(data, "history.db"), 0o666)
      for (const path of [data, join(data, "history.db")]) chownSync(path, 4321, 4321)
      const run = () =>
        execFileSync(process.execPath, [ENTRY, "find", "ls"], {
          env: { ...device.env, HX_DATA_DIR: data },
          cwd: "/",
          ...nobody,
          stdio: "pipe"
        })
      expect(run).toThrow(/others can change the history database[^]*belongs to another user \(4321\)/)
    }
  )
})
