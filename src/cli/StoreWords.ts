/** What is told of a store's failure: a row for each reason. */

import type { StoreErrorReason } from "../store/StoreError.ts"
import type { Words } from "./Words.ts"

export const STORE: Readonly<Record<StoreErrorReason, Words>> = {
  NoCredentials: [
    3,
    "Unable to locate credentials",
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give them in the store URL."
  ],
  CredentialsRefused: [
    3,
    "Access Denied: the credentials are wrong",
    "Check access key and secret key where they come from: the store URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile."
  ],
  AccessDenied: [
    3,
    "Access Denied",
    "Allow it in the user's or the bucket's policy, and check the bucket's name; of a folder, check its permissions."
  ],
  CredentialsExpired: [
    3,
    "Access Denied: the credentials have expired",
    "Renew them (aws sso login, a new session token) and try again."
  ],
  ClockSkewed: [
    3,
    "Access Denied: the clock of this machine is wrong",
    "Set the clock (timedatectl set-ntp true) and try again."
  ],
  WrongRegion: [2, "Wrong region", "Give the bucket's region in the store URL: ?region=…"],
  NoSuchBucket: [6, "No such bucket", "Create it, or correct its name or endpoint in the store URL."],
  NoSuchFolder: [6, "No such folder", "Mount its disk, or correct its path: hx sync init --store folder:/path"],
  Absent: [
    5,
    "Object corruption detected: an object is missing",
    'Try again; if it stays so, bring the object back from a backup, or publish again with "hx sync push --force" where it came from.'
  ],
  AlreadyExists: [
    4,
    "Sequence number conflict: the object exists already",
    "Try again: another process has just written it."
  ],
  SwapLost: [4, "Sequence number conflict: the object has changed", "Try again: another process has just written it."],
  Unsupported: [2, "The store cannot do this", "Use another store, or a newer version of its server."],
  Archived: [
    7,
    "Archived in GLACIER",
    'Ask for it with "hx sync pull --restore" (a new device: "hx sync init --restore"), and try again some hours later.'
  ],
  Throttled: [
    6,
    "Throttled",
    "The store asks for fewer requests. Try again later, or lower HX_SYNC_CONCURRENT_UPLOADS and HX_SYNC_CONCURRENT_DOWNLOADS."
  ],
  ServerFailure: [6, "The store failed", "Try again later; nothing here is lost."],
  ConnectionLost: [
    6,
    "Connection lost",
    "Check the network, and whether the endpoint wants http or https, and try again; nothing here is lost."
  ],
  TimedOut: [6, "Timed out", "Check the network, or allow more time with HX_SYNC_TIMEOUT, for example 60s."],
  Refused: [6, "Connection refused", "Check that the server runs and that the endpoint in the store URL is right."],
  Unreachable: [6, "No such host, or no way to it", "Check the network and the endpoint in the store URL."],
  Tls: [
    6,
    "TLS failed",
    "Check the endpoint's certificate; for a private authority set AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS."
  ],
  NotAStore: [
    6,
    "This is not a store",
    "Check the endpoint, or the folder's path; a network's login page answers like this too."
  ],
  TooLarge: [
    5,
    "Object corruption detected: larger than it can be",
    "Nothing of it was used. Bring the object back from a backup or an older version of it."
  ],
  NoSpace: [6, "No space left", "Make room where the store is, and run the command again."],
  Misconfigured: [
    2,
    "The store cannot be used as configured",
    "Correct the store URL, the variable or the path that is named."
  ]
}
