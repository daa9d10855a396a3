/**
 * Shell history as one person on one machine makes it: bursts and pauses, a few terminals side by side, projects that come and go, the same
 * commands again and again and new ones all the time. The same seed gives the same history.
 */

import { compose, type Scene, type TypedCommand } from "./Commands.ts"
import { evolve, newHost, newProject, type Project } from "./Project.ts"
import { SeededRandom } from "./SeededRandom.ts"

export interface HistoryRecord {
  /** µs since 1970 UTC; ascending. */
  readonly start: number
  /** µs. */
  readonly duration: number
  readonly exit: number
  readonly command: string
  readonly cwd: string
  readonly session: string
  /** Counts the commands of a session, from 0. */
  readonly counter: number
  readonly host: string
  readonly user: string
  readonly shell: string
}

export interface HistoryOptions {
  readonly seed: number
  readonly count: number
  /** Start of the first command in µs since 1970 UTC. */
  readonly from?: number
  readonly host?: string
  readonly user?: string
  readonly shell?: string
}

export function* generateHistory(options: HistoryOptions): Generator<HistoryRecord> {
  const { host = "ada-laptop", shell = "zsh", user = "ada" } = options
  const random = new SeededRandom(options.seed)
  const person = new Person(random, `/home/${user}`)
  let now = options.from ?? 1_600_000_000_000_000
  for (let index = 0; index < options.count; index++) {
    now += pause(random)
    const { counter, cwd, exit, seconds, session, text } = person.type()
    const duration = Math.round(1e6 * random.logUniform(seconds / 3, seconds * 3)) + 1
    yield { start: now, duration, exit, command: text, cwd, session, counter, host, user, shell }
    now += duration
  }
}

const MICROS = 1_000_000

/** Time to think, in µs: seconds in a burst, minutes between, now and then a break or a night. */
const pause = (random: SeededRandom): number => {
  const kind = random.unit()
  if (kind < 0.62) return Math.round(MICROS * random.logUniform(0.6, 12))
  if (kind < 0.93) return Math.round(MICROS * random.logUniform(8, 180))
  if (kind < 0.992) return Math.round(MICROS * random.logUniform(120, 4_000))
  return Math.round(MICROS * random.logUniform(10_000, 120_000))
}

interface Terminal {
  readonly session: string
  counter: number
  project: Project
  cwd: string
  recent: Array<TypedCommand>
}

const MAX_PROJECTS = 40
const MAX_HABITS = 4_000

class Person {
  private readonly random: SeededRandom
  private readonly home: string
  private readonly projects: Array<Project> = []
  private readonly hosts: Array<string> = []
  private readonly terminals: Array<Terminal> = []
  /** Commands found again by searching the history; the usual ones come first. */
  private readonly habits: Array<TypedCommand> = []
  private active = 0

  constructor(random: SeededRandom, home: string) {
    this.random = random
    this.home = home
    for (let count = 0; count < 5; count++) this.projects.push(newProject(random, home))
    for (let count = 0; count < 8; count++) this.hosts.push(newHost(random))
    for (let count = 0; count < 3; count++) this.terminals.push(this.open())
  }

  type(): { text: string; seconds: number; exit: number; cwd: string; session: string; counter: number } {
    const { random } = this
    this.changeScene()
    const terminal = this.terminals[this.active] as Terminal
    evolve(random, terminal.project)
    const command = this.choose(terminal)
    const mistyped = random.chance(0.012)
    const text = mistyped ? mistype(random, command.text) : command.text
    const exit = mistyped
      ? 127
      : random.chance(command.failure)
        ? random.pickSkewed([1, 130, 2, 128, 101, 143, 255])
        : 0
    const result = {
      text,
      seconds: command.seconds,
      exit,
      cwd: terminal.cwd,
      session: terminal.session,
      counter: terminal.counter++
    }
    if (exit === 0) this.move(terminal, text)
    return result
  }

  private choose(terminal: Terminal): TypedCommand {
    const { random } = this
    if (terminal.recent.length > 0 && random.chance(0.15)) return random.pickSkewed(terminal.recent)
    if (this.habits.length > 0 && random.chance(0.07)) return random.pickSkewed(this.habits)
    const scene: Scene = { random, project: terminal.project, hosts: this.hosts }
    const command = compose(scene)
    terminal.recent.unshift(command)
    if (terminal.recent.length > 30) terminal.recent.pop()
    if (random.chance(0.04)) this.habits.splice(random.below(Math.min(200, this.habits.length + 1)), 0, command)
    if (this.habits.length > MAX_HABITS) this.habits.pop()
    return command
  }

  private changeScene(): void {
    const { random } = this
    if (random.chance(0.08)) this.active = random.below(this.terminals.length)
    if (random.chance(0.012)) this.terminals[this.active] = this.open()
    if (random.chance(0.003)) this.hosts.splice(random.below(6), 0, newHost(random))
    if (random.chance(0.0012)) this.projects.splice(random.below(3), 0, newProject(random, this.home))
    if (this.projects.length > MAX_PROJECTS) this.projects.pop()
    if (this.hosts.length > 60) this.hosts.pop()
  }

  private open(): Terminal {
    const project = this.random.pickSkewed(this.projects)
    const cwd = this.random.chance(0.3) ? this.home : project.root
    return { session: this.random.hex(32), counter: 0, project, cwd, recent: [] }
  }

  private move(terminal: Terminal, text: string): void {
    if (!text.startsWith("cd")) return
    const target = text.slice(3)
    if (target === "" || target === "-") terminal.cwd = target === "" ? this.home : terminal.project.root
    else if (target.startsWith("~")) terminal.cwd = this.home + target.slice(1)
    else if (target.startsWith("..")) terminal.cwd = up(terminal.cwd, target.split("/").length, this.home)
    else terminal.cwd = `${terminal.project.root}/${target}`
  }
}

const up = (path: string, levels: number, home: string): string =>
  path.startsWith(`${home}/`) ? path.split("/").slice(0, -levels).join("/") || "/" : path

const mistype = (random: SeededRandom, text: string): string => {
  const at = random.below(Math.min(text.length - 1, 8))
  return text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2)
}
