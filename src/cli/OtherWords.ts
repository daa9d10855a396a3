/** What other history and sync tools call things that hx has under another name. */

import type { CommandNode } from "./CommandTree.ts"

const WORDS: Readonly<Record<string, string>> = {
  grep: "find",
  query: "find",
  list: "find",
  ls: "find",
  history: "find",
  log: "last",
  get: "show",
  rm: "forget",
  remove: "forget",
  delete: "forget",
  del: "forget",
  prune: "forget",
  backup: "export",
  dump: "export",
  restore: "import",
  load: "import",
  info: "status",
  top: "stats",
  login: "sync init",
  register: "sync init",
  setup: "sync init",
  join: "sync init",
  clone: "sync init",
  logout: "sync reset",
  upload: "sync push",
  publish: "sync push",
  download: "sync pull",
  fetch: "sync pull",
  settings: "config",
  completion: "completions",
  man: "help",
  manual: "help"
}

/** The command of this tree, with its whole name; undefined where the word says nothing, or the tree has no such command. */
export const meaningElsewhere = <E, R>(root: CommandNode<E, R>, written: string): string | undefined => {
  const word = written.toLowerCase()
  if (word === "version") return `${root.name} --version`
  if (!Object.hasOwn(WORDS, word)) return undefined
  const names = WORDS[word]?.split(" ") ?? []
  let node: CommandNode<E, R> | undefined = root
  for (const name of names) node = node?.children.find((child) => child.name === name && !child.hidden)
  return node === undefined ? undefined : [root.name, ...names].join(" ")
}
