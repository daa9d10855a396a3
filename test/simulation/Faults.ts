/**
 * Everything that can go wrong in a simulated world, in one table.
 *
 * Honest faults are those of networks, processes and people: whatever happens, devices have to come to know the same by themselves, and nothing
 * may be reported as a conflict but what is one. A careless store answers wrongly now and then; a damaging one loses or changes what it holds: there
 * a person is told what to do, and doing that has to bring everybody together again.
 */

export type Honesty = "honest" | "careless" | "damaging"

interface FaultKind {
  readonly honesty: Honesty
  /** A request of a command, the store between requests, or the device. */
  readonly of: "request" | "store" | "device"
  readonly what: string
}

export const FAULTS = {
  // The network
  unreachable: { honesty: "honest", of: "request", what: "no route: the request never left" },
  refused: { honesty: "honest", of: "request", what: "connection refused" },
  requestLost: { honesty: "honest", of: "request", what: "the connection broke before the request had arrived" },
  answerLost: { honesty: "honest", of: "request", what: "the connection broke after it had taken effect" },
  timedOutBefore: { honesty: "honest", of: "request", what: "no answer in time, and no effect" },
  timedOutAfter: { honesty: "honest", of: "request", what: "no answer in time, though it took effect" },
  hangs: { honesty: "honest", of: "request", what: "it takes effect, and an answer never comes" },
  slow: { honesty: "honest", of: "request", what: "minutes pass before it takes effect" },
  delayed: { honesty: "honest", of: "request", what: "given up by its sender, it takes effect later" },
  duplicated: { honesty: "honest", of: "request", what: "it arrives twice; the first answer comes back" },
  repeated: { honesty: "honest", of: "request", what: "a proxy sends it again; the second answer comes back" },
  offline: { honesty: "honest", of: "request", what: "nothing gets through any more for the rest of the command" },
  // The server, in good faith
  failedBefore: { honesty: "honest", of: "request", what: "a 5xx, without effect" },
  failedAfter: { honesty: "honest", of: "request", what: "a 5xx, after it took effect" },
  slowDown: { honesty: "honest", of: "request", what: "a 429, with a time to wait" },
  preconditionFailed: { honesty: "honest", of: "request", what: "a 412 for nothing, on a conditional write" },
  conflicting: { honesty: "honest", of: "request", what: "a 409, on a conditional write that met another" },
  accessDenied: { honesty: "honest", of: "request", what: "a 403: permissions are being changed" },
  credentialsExpired: { honesty: "honest", of: "request", what: "a token ran out" },
  clockRefused: { honesty: "honest", of: "request", what: "a clock too far off is refused" },
  noSpace: { honesty: "honest", of: "request", what: "a write for which there is no space" },
  // Processes, machines and people
  crashAtRequest: { honesty: "honest", of: "device", what: "killed before or after a request" },
  crashAtTransaction: { honesty: "honest", of: "device", what: "killed before or after a transaction" },
  crashAtKeyFile: { honesty: "honest", of: "device", what: "killed before or after a key file is written" },
  together: { honesty: "honest", of: "device", what: "several commands at once on one data directory" },
  clone: { honesty: "honest", of: "device", what: "a data directory is copied; both go on" },
  backupRestored: { honesty: "honest", of: "device", what: "a data directory is put back to what it was" },
  clockForward: { honesty: "honest", of: "device", what: "a clock jumps ahead, up to two years" },
  clockBack: { honesty: "honest", of: "device", what: "a clock jumps back, up to two years" },
  // A careless store
  staleList: { honesty: "careless", of: "request", what: "a list as it was a while ago" },
  listLacks: { honesty: "careless", of: "request", what: "a list lacks a page of its names" },
  listRepeats: { honesty: "careless", of: "request", what: "a list has a page twice" },
  staleRead: { honesty: "careless", of: "request", what: "an object as it was a while ago" },
  readsNothing: { honesty: "careless", of: "request", what: "an object that is there is not found" },
  readCut: { honesty: "careless", of: "request", what: "an object is cut short on its way" },
  readFlipped: { honesty: "careless", of: "request", what: "a bit is flipped on its way" },
  // A damaging store
  tornWrite: { honesty: "damaging", of: "request", what: "half of an object is written, and then a 5xx" },
  conditionIgnored: { honesty: "damaging", of: "request", what: "a condition is ignored once" },
  bitRot: { honesty: "damaging", of: "store", what: "a bit of an object flips" },
  truncated: { honesty: "damaging", of: "store", what: "an object loses its end" },
  emptied: { honesty: "damaging", of: "store", what: "an object becomes empty" },
  deleted: { honesty: "damaging", of: "store", what: "an object is deleted" },
  rolledBack: { honesty: "damaging", of: "store", what: "an older version of an object is put back" },
  storeRestored: { honesty: "damaging", of: "store", what: "the whole store is put back to what it was" },
  swapped: { honesty: "damaging", of: "store", what: "two objects change places" },
  foreignObject: { honesty: "damaging", of: "store", what: "another vault's object under a name of ours" },
  conflictCopy: { honesty: "damaging", of: "store", what: "a file synchroniser leaves a copy of a manifest beside it" },
  junk: { honesty: "damaging", of: "store", what: "files that are none of ours" }
} as const satisfies Readonly<Record<string, FaultKind>>

export type FaultName = keyof typeof FAULTS

type NamesOf<Of extends FaultKind["of"]> = {
  [Name in FaultName]: (typeof FAULTS)[Name]["of"] extends Of ? Name : never
}[FaultName]

export type RequestFault = NamesOf<"request">
export type StoreFault = NamesOf<"store">
export type DeviceFault = NamesOf<"device">

export const faultsOf = <Of extends FaultKind["of"]>(of: Of, honesty: Honesty): ReadonlyArray<NamesOf<Of>> =>
  (Object.keys(FAULTS) as ReadonlyArray<FaultName>).filter(
    (name) => FAULTS[name].of === of && FAULTS[name].honesty === honesty
  ) as unknown as ReadonlyArray<NamesOf<Of>>
