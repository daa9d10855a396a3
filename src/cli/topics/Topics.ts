/** Which topics there are. Each is a page of its own, loaded when somebody asks for it. */

import type { Topic } from "./Topic.ts"

export interface TopicEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Topic>
}

export const TOPICS: ReadonlyArray<TopicEntry> = [
  {
    name: "sync",
    summary: "How devices are kept in step, in a page.",
    load: () => import("./Sync.ts").then((module) => module.sync)
  },
  {
    name: "stores",
    summary: "Store URLs: buckets, servers, folders, credentials.",
    load: () => import("./Stores.ts").then((module) => module.stores)
  },
  {
    name: "security",
    summary: "What is encrypted, where keys are, what a store can see.",
    load: () => import("./Security.ts").then((module) => module.security)
  },
  {
    name: "environment",
    summary: "Every variable that hx reads, with its form and default.",
    load: () => import("./Environment.ts").then((module) => module.environment)
  },
  {
    name: "dates",
    summary: "How to write a date or time.",
    load: () => import("./Dates.ts").then((module) => module.dates)
  },
  {
    name: "exit-codes",
    summary: "What each exit code means, and the messages that go with it.",
    load: () => import("./ExitCodes.ts").then((module) => module.exitCodes)
  }
]
