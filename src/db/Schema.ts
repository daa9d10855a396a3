/**
 * The local database's schema, as forward-only migrations: entry n of the list takes a database of version n to version n + 1. A released
 * entry never changes; the version is SQLite's user_version.
 *
 * Texts live in two dictionaries, `commands` and `terms`. They carry a 53-bit hash (Dictionary.ts) and are found by it instead of through an
 * index on the text, for size, and because of how forgetting has to work: SQLite zeroes what is deleted, but not the copies that splitting
 * or joining pages leaves behind. A table filled in the order of its row numbers is never split, and a forgotten text is overwritten in
 * place by spaces of the same length, so that no page is ever joined either. So the text has one place in the file, and loses it.
 *
 * Ids, twin keys and identities are 16-byte blobs; times are microseconds.
 */

/** "hxdb": says that a SQLite file is ours. */
export const APPLICATION_ID = 0x68786462

/** Row number of the term "live", which the schema relies on. */
export const LIVE_TERM = 1

export const KIND = { add: 1, finish: 2, forget: 3, purged: 4 } as const

export const migrations: ReadonlyArray<ReadonlyArray<string>> = [
  [
    `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
    // cwd, session, host, user, shell, origin, device
    `CREATE TABLE terms (id INTEGER PRIMARY KEY, hash INTEGER, text TEXT NOT NULL)`,
    `CREATE INDEX terms_hash ON terms (hash)`,
    `CREATE TABLE commands (id INTEGER PRIMARY KEY, hash INTEGER, text TEXT NOT NULL)`,
    `CREATE INDEX commands_hash ON commands (hash)`,
    `CREATE VIRTUAL TABLE commands_fts USING fts5 (
      text, content = commands, content_rowid = id, tokenize = 'trigram', detail = none, columnsize = 0
    )`,
    `INSERT INTO commands_fts (commands_fts, rank) VALUES ('secure-delete', 1)`,
    `CREATE TABLE entries (
      seq INTEGER PRIMARY KEY,
      id BLOB NOT NULL,
      start INTEGER,
      duration INTEGER,
      exit INTEGER,
      command INTEGER NOT NULL,
      cwd INTEGER,
      session INTEGER,
      host INTEGER,
      user INTEGER,
      shell INTEGER,
      origin INTEGER NOT NULL,
      device INTEGER NOT NULL,
      ordinal INTEGER,
      shadowed INTEGER NOT NULL DEFAULT 0,
      live INTEGER GENERATED ALWAYS AS (origin = 1) VIRTUAL
    )`,
    `CREATE UNIQUE INDEX entries_id ON entries (id)`,
    `CREATE INDEX entries_start ON entries (start)`,
    // Covers both the search for a live twin and the newest entries of a set of commands.
    `CREATE INDEX entries_command ON entries (command, live, start, shadowed)`,
    `CREATE INDEX entries_session ON entries (session, start) WHERE session IS NOT NULL`,
    `CREATE INDEX entries_cwd ON entries (cwd, start) WHERE cwd IS NOT NULL`,
    // The devices beside entries.device (the smallest) that captured the entry too.
    `CREATE TABLE captures (entry INTEGER, device INTEGER, PRIMARY KEY (entry, device)) WITHOUT ROWID`,
    // How entries ended that are not here yet.
    `CREATE TABLE pending_finishes (id BLOB PRIMARY KEY, exit INTEGER, duration INTEGER) WITHOUT ROWID`,
    // This device's own log. An add's body is its entry as it is now; device is NULL where this device captured it.
    `CREATE TABLE operations (
      number INTEGER PRIMARY KEY,
      kind INTEGER NOT NULL,
      entry INTEGER,
      device INTEGER,
      identity BLOB,
      body TEXT
    )`,
    `CREATE INDEX operations_forget ON operations (identity) WHERE kind = 3`,
    `CREATE INDEX operations_waiting ON operations (number) WHERE kind = 2 AND entry IS NULL`,
    // Numbers of purged operations that the store may still hold in full.
    `CREATE TABLE purged_operations (number INTEGER PRIMARY KEY)`,
    `CREATE TABLE chain_blocks (block INTEGER PRIMARY KEY, hash BLOB NOT NULL)`,
    `CREATE TABLE forgotten_ids (id BLOB PRIMARY KEY) WITHOUT ROWID`,
    `CREATE TABLE forgotten_twins (key BLOB PRIMARY KEY) WITHOUT ROWID`,
    // device is '' for every device's captures.
    `CREATE TABLE forget_windows (
      first INTEGER, last INTEGER, device TEXT, PRIMARY KEY (first, last, device)
    ) WITHOUT ROWID`,
    `CREATE TABLE applied (log BLOB, first INTEGER, last INTEGER, PRIMARY KEY (log, first)) WITHOUT ROWID`,
    `CREATE TABLE peers (log BLOB PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE documents (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
    // Terms that a merge replaced: nobody may be using them any more.
    `CREATE TABLE loose_terms (id INTEGER PRIMARY KEY)`
  ]
]
