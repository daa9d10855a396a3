/** A place where somebody works: a directory with files that come and go, branches, tests, machines. */

import type { SeededRandom } from "./SeededRandom.ts"
import { ADJECTIVES, NOUNS, SERVERS, SYLLABLES, UNICODE_NAMES, VERBS } from "./Words.ts"

export type Language = "ts" | "py" | "go" | "rs" | "ops"

export interface Project {
  readonly name: string
  readonly root: string
  readonly language: Language
  readonly folders: Array<string>
  /** Relative to the root; those worked on lately come first. */
  readonly files: Array<string>
  readonly branches: Array<string>
}

const SOURCE: Record<Language, string> = { ts: "src", py: "app", go: "internal", rs: "src", ops: "modules" }
const EXTENSION: Record<Language, ReadonlyArray<string>> = {
  ts: [".ts", ".ts", ".tsx", ".test.ts", ".json", ".css"],
  py: [".py", ".py", ".py", ".ipynb", ".toml", ".sql"],
  go: [".go", ".go", "_test.go", ".proto", ".yaml"],
  rs: [".rs", ".rs", ".rs", ".toml"],
  ops: [".tf", ".yaml", ".yaml", ".sh", ".json", ".conf"]
}

export const coinName = (random: SeededRandom): string => {
  const parts = Array.from({ length: random.between(2, 3) }, () => random.pick(SYLLABLES))
  return parts.join("")
}

export const newProject = (random: SeededRandom, home: string): Project => {
  const language = random.pick(["ts", "ts", "py", "py", "go", "rs", "ops"] as const)
  const stem = random.chance(0.5) ? coinName(random) : random.pick(NOUNS)
  const name = random.chance(0.6) ? `${stem}-${random.pick(NOUNS)}` : stem
  const parent = random.pickSkewed(["src", "work", "code", "projects", "tmp", "go/src/github.com/" + coinName(random)])
  const project: Project = {
    name,
    root: `${home}/${parent}/${name}`,
    language,
    folders: [],
    files: [],
    branches: ["main"]
  }
  for (let count = 0; count < 4; count++) project.folders.push(newFolder(random, project))
  for (let count = 0; count < 8; count++) touchNewFile(random, project)
  return project
}

/** Work goes on: files and branches appear, and what is touched comes to the front. */
export const evolve = (random: SeededRandom, project: Project): void => {
  if (random.chance(0.06)) touchNewFile(random, project)
  if (random.chance(0.006)) project.folders.unshift(newFolder(random, project))
  if (random.chance(0.015)) project.branches.unshift(newBranch(random))
  if (project.files.length > 200) project.files.length = 150
  if (project.branches.length > 30) project.branches.length = 20
}

export const someFile = (random: SeededRandom, project: Project): string => {
  if (random.chance(0.004)) return random.pick(UNICODE_NAMES)
  const file = random.pickSkewed(project.files)
  const index = project.files.indexOf(file)
  if (index > 3 && random.chance(0.4)) {
    project.files.splice(index, 1)
    project.files.unshift(file)
  }
  return file
}

export const newBranch = (random: SeededRandom): string => {
  const kind = random.pick(["feature", "fix", "chore", "bugfix", "feat"])
  const ticket = random.chance(0.4) ? `${random.pick(["APP", "OPS", "CORE", "WEB"])}-${random.between(100, 9999)}-` : ""
  return `${kind}/${ticket}${random.pick(VERBS)}-${random.pick(NOUNS)}${random.chance(0.5) ? `-${random.pick(NOUNS)}` : ""}`
}

export const newHost = (random: SeededRandom): string =>
  random.chance(0.3)
    ? `10.${random.between(0, 40)}.${random.below(256)}.${random.between(1, 254)}`
    : `${random.pick(SERVERS)}-${random.between(1, 9)}.${random.pick(["prod", "stage", "eu", "us-east-1", "lab"])}.${coinName(random)}.net`

const newFolder = (random: SeededRandom, project: Pick<Project, "language">): string => {
  const base = random.chance(0.75)
    ? SOURCE[project.language]
    : random.pick(["test", "docs", "scripts", "deploy", "config"])
  const depth = random.chance(0.7) ? 1 : 2
  return [base, ...Array.from({ length: depth }, () => random.pick(NOUNS))].join("/")
}

const touchNewFile = (random: SeededRandom, project: Project): void => {
  const folder = random.chance(0.12) ? "" : `${random.pickSkewed(project.folders)}/`
  const joint = project.language === "ts" || project.language === "ops" ? "-" : "_"
  const second = random.chance(0.7) ? `${joint}${random.pick(random.chance(0.7) ? NOUNS : ADJECTIVES)}` : ""
  project.files.unshift(`${folder}${random.pick(NOUNS)}${second}${random.pick(EXTENSION[project.language])}`)
}
