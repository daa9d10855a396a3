// The import rule: bin → cli → sync, history, capture → format, store, db → domain, platform. Never upwards, never sideways between format,
// store and db. And one home for each foreign library, so that replacing one touches few files.

const never = (name, from, to, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { path: to }
})

/** `library` may be imported from the files of `home` only. */
const home = (library, homes) => ({
  name: `home-of-${library.replace(/[^a-z0-9]+/gi, "-")}`,
  severity: "error",
  comment: `${library} has one home`,
  from: { path: "^src/", pathNot: homes },
  to: { path: `(^|node_modules/)${library}(/|$)` }
})

export default {
  forbidden: [
    never("bin-is-the-top", "^src/.*/", "^src/bin\\.ts$"),
    never("cli-only-from-bin", "^src/(sync|history|capture|format|store|db|domain|platform)/", "^src/cli/"),
    never("middle-only-from-above", "^src/(format|store|db|domain|platform)/", "^src/(sync|history|capture)/"),
    never("no-sideways-middle", "^src/history/", "^src/(sync|capture)/"),
    never("format-alone", "^src/format/", "^src/(store|db)/"),
    never("store-alone", "^src/store/", "^src/(format|db)/"),
    never("db-alone", "^src/db/", "^src/(format|store)/"),
    never("ground", "^src/(domain|platform)/", "^src/(format|store|db)/"),
    never("domain-is-pure", "^src/domain/", "^src/platform/"),
    never("tests-stay-outside", "^src/", "^(test|scripts)/"),
    home("@effect/cli", ["^src/cli/"]),
    home("@effect/platform-node", ["^src/bin\\.ts$"]),
    home("@effect/sql(-sqlite-node)?", ["^src/db/"]),
    home("better-sqlite3", ["^src/db/", "^src/platform/FileLock\\.ts$"]),
    home("@(aws-sdk|smithy)", ["^src/store/S3"]),
    home("hpagent", ["^src/store/S3"]),
    home("cli-progress", ["^src/cli/"]),
    home("@scure/base", ["^src/format/RecoveryKey\\.ts$"]),
    {
      name: "domain-imports-effect-only",
      severity: "error",
      from: { path: "^src/domain/" },
      to: { pathNot: ["^src/domain/", "node_modules/effect/", "^(node:)?crypto$"] }
    },
    {
      name: "no-barrels-of-effect-packages",
      severity: "error",
      comment: "Subpaths only: the barrels load everything",
      from: { path: "^src/" },
      to: { path: "node_modules/@effect/[a-z-]+/(dist/(esm|cjs|dts)/)?index[.]" }
    },
    {
      name: "no-cycles",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true, viaOnly: { path: "^src/", dependencyTypesNot: ["type-only"] } }
    },
    {
      name: "no-orphans",
      severity: "error",
      comment: "A file that nothing imports is dead, or a type that nobody uses",
      from: { orphan: true, path: "^src/", pathNot: ["^src/bin\\.ts$"] },
      to: {}
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs"]
    }
  }
}
