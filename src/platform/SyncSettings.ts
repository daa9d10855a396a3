/** The table of settings. Bounds are S3's own (docs.aws.amazon.com, "Amazon S3 multipart upload limits") or what still makes sense. */

import { CAPTURE } from "./CaptureSettings.ts"
import { Duration, Option } from "effect"
import { SEARCH } from "./SearchSettings.ts"
import {
  countSetting,
  durationSetting,
  flagSetting,
  HIDDEN,
  moneySetting,
  optionalSetting,
  secretSetting,
  type Setting,
  sizeSetting,
  textSetting,
  UNSET
} from "./Setting.ts"

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

const StoreText = textSetting(
  { variable: "HX_SYNC_STORE", key: "sync.store" },
  "a store URL, s3://bucket/prefix or folder:/path"
)

/** Where the history is kept in step. It may hold secrets: whoever shows more of it parses it first (StoreUrl). */
export const Store: Setting<Option.Option<string>> = {
  ...StoreText,
  show: Option.match({ onNone: () => UNSET, onSome: () => HIDDEN }),
  secret: true
}

/** A request that makes no progress for this long fails. */
export const Timeout = durationSetting(
  { variable: "HX_SYNC_TIMEOUT", key: "sync.timeout" },
  Duration.seconds(30),
  Duration.millis(100),
  Duration.hours(1)
)

export const ConnectTimeout = durationSetting(
  { variable: "HX_SYNC_CONNECT_TIMEOUT", key: "sync.connect_timeout" },
  Duration.seconds(5),
  Duration.millis(100),
  Duration.minutes(10)
)

export const MaxRetries = countSetting({ variable: "HX_SYNC_MAX_RETRIES", key: "sync.max_retries" }, 5, 0, 20)

export const RetryDelay = durationSetting(
  { variable: "HX_SYNC_RETRY_DELAY", key: "sync.retry_delay" },
  Duration.millis(100),
  Duration.millis(1),
  Duration.minutes(10)
)

export const MaxRetryDelay = durationSetting(
  { variable: "HX_SYNC_MAX_RETRY_DELAY", key: "sync.max_retry_delay" },
  Duration.seconds(20),
  Duration.millis(1),
  Duration.hours(1)
)

export const ConcurrentUploads = countSetting(
  { variable: "HX_SYNC_CONCURRENT_UPLOADS", key: "sync.concurrent_uploads" },
  3,
  1,
  64
)

export const ConcurrentDownloads = countSetting(
  { variable: "HX_SYNC_CONCURRENT_DOWNLOADS", key: "sync.concurrent_downloads" },
  8,
  1,
  64
)

export const Compression = flagSetting({ variable: "HX_SYNC_COMPRESSION", key: "sync.compression" }, true)

/** How large a sealed segment becomes at most: a single PUT may carry 5 GiB. Before compression it ends at 32 MiB in any case (Segment.ts). */
export const SegmentSize = sizeSetting(
  { variable: "HX_SYNC_SEGMENT_SIZE", key: "sync.segment_size" },
  8 * MIB,
  64 * KIB,
  5 * GIB
)

/** Objects above this go up in parts: S3 wants 5 MiB to 5 GiB each. */
export const PartSize = sizeSetting({ variable: "HX_SYNC_PART_SIZE", key: "sync.part_size" }, 5 * MIB, 5 * MIB, 5 * GIB)

const Between = durationSetting(
  { variable: "HX_SYNC_INTERVAL", key: "sync.interval" },
  Duration.minutes(10),
  Duration.seconds(1),
  Duration.days(366)
)

/** How often the shell hook may sync in the background; none is never. */
export const Interval: Setting<Option.Option<Duration.Duration>> = {
  ...optionalSetting(Between, `${Between.form}; or off`),
  parse: (text) =>
    text.trim() === "off" ? Option.some(Option.none()) : Option.map(Between.parse(text), (every) => Option.some(every)),
  show: Option.match({ onNone: () => "off", onSome: Between.show })
}

export const KeyFile = textSetting({ variable: "HX_SYNC_KEY_FILE", key: "sync.key_file" }, "the path of a file")

export const PassphraseFile = textSetting(
  { variable: "HX_SYNC_PASSPHRASE_FILE", key: "sync.passphrase_file" },
  "the path of a file"
)

export const Key = secretSetting("HX_SYNC_KEY", "a recovery key, hx1…")

export const Passphrase = secretSetting("HX_SYNC_PASSPHRASE", "a passphrase")

/** What a GB kept for a month costs: Amazon's list price for US East, as of Prices.ts. So are the next three. */
export const PriceStorage = moneySetting({ variable: "HX_SYNC_PRICE_STORAGE", key: "sync.price_storage" }, 0.023)

/** What 1,000 requests that write or list cost. */
export const PricePut = moneySetting({ variable: "HX_SYNC_PRICE_PUT", key: "sync.price_put" }, 0.005)

/** What 1,000 requests that read cost. */
export const PriceGet = moneySetting({ variable: "HX_SYNC_PRICE_GET", key: "sync.price_get" }, 0.0004)

/** What a GB fetched costs, beyond the 100 GB a month that are free. */
export const PriceEgress = moneySetting({ variable: "HX_SYNC_PRICE_EGRESS", key: "sync.price_egress" }, 0.09)

/** In the order in which they are shown. */
export const ALL: ReadonlyArray<Setting<unknown>> = [
  Store,
  Timeout,
  ConnectTimeout,
  MaxRetries,
  RetryDelay,
  MaxRetryDelay,
  ConcurrentUploads,
  ConcurrentDownloads,
  Compression,
  SegmentSize,
  PartSize,
  Interval,
  PriceStorage,
  PricePut,
  PriceGet,
  PriceEgress,
  KeyFile,
  PassphraseFile,
  Key,
  Passphrase,
  ...SEARCH,
  ...CAPTURE
]

/** Where things are: Paths.ts. */
export const DIRECTORY_VARIABLES = ["HX_CONFIG_DIR", "HX_DATA_DIR"] as const
