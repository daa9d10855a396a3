/**
 * What `hx help` does and says. Words that name a command give what its --help shows; a topic gives its page; what is both gives both.
 *
 * With --json: `{ "version": 1, "command": name or null, "topic": name or null, "text": … }`.
 */

import { Effect } from "effect"
import { nearest } from "../../../platform/Nearest.ts"
import { type CommandNode, listed } from "../../CommandTree.ts"
import { helpOf } from "../../Help.ts"
import { Manual } from "../../Manual.ts"
import { Output } from "../../Output.ts"
import { meantBy } from "../../Refusals.ts"
import { TOPICS } from "../../topics/Topics.ts"
import { topicText } from "../../TopicText.ts"
import { UsageError } from "../../UsageError.ts"

export const run = Effect.fnUntraced(function* (given: { readonly words: ReadonlyArray<string> }) {
  // What lists the commands lists the topics too.
  const words = given.words.length === 1 && given.words[0] === "topics" ? [] : given.words
  const output = yield* Output
  const { root } = yield* Manual
  const topic = words.length === 1 ? TOPICS.find(({ name }) => name === words[0]) : undefined
  const command = pathOf(root, words)
  if (topic === undefined && command === undefined) return yield* unknown(root, words)
  const page = topic === undefined ? undefined : yield* Effect.promise(topic.load)
  const columns = output.terminal ? output.columns : undefined
  const texts = [
    ...(command === undefined ? [] : [helpOf(command, columns)]),
    ...(page === undefined ? [] : [topicText(page, Math.min(output.columns, WIDEST))])
  ]
  const text = texts.join("\n")
  yield* output.result(
    {
      command: command?.map(({ name }) => name).join(" ") ?? null,
      topic: topic?.name ?? null,
      text
    },
    () => text
  )
})

/** Cells of a line of prose that can still be read with ease. */
const WIDEST = 100

type Node = CommandNode<unknown, unknown>

type Path = readonly [Node, ...ReadonlyArray<Node>]

/** From the root to the command that these words name. */
const pathOf = (root: Node, words: ReadonlyArray<string>): Path | undefined => {
  const path: [Node, ...Array<Node>] = [root]
  for (const word of words) {
    const child = path.at(-1)?.children.find(({ name }) => name === word)
    if (child === undefined) return undefined
    path.push(child)
  }
  return path
}

const unknown = (root: Node, words: ReadonlyArray<string>): UsageError => {
  const known = words.findIndex((_, index) => pathOf(root, words.slice(0, index + 1)) === undefined)
  const word = words[known] ?? ""
  const above = pathOf(root, words.slice(0, known)) ?? [root]
  const names = known === 0 ? [...listed(root).map(({ name }) => name), ...TOPICS.map(({ name }) => name)] : []
  const near = nearest(word, names) ?? meantBy(above, word)?.slice(root.name.length + 1)
  return new UsageError({
    what: "No such command or topic",
    subject: `hx help ${words.join(" ")}`,
    hint:
      near === undefined
        ? `Topics are ${TOPICS.map(({ name }) => name).join(", ")}; commands are listed by: hx help`
        : `Did you mean "hx help ${near}"?`
  })
}
