import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck as fc, Option, Redacted } from "effect"
import {
  describeLocation,
  formatLocation,
  parseStoreUrl,
  quotingHint,
  type StoreUrl,
  type StoreUrlError
} from "../../src/store/StoreUrl.ts"

const BASE = { workingDirectory: "/work", home: "/home/anna" }
const ACCESS = "AKIAIOSFODNN7EXAMPLE"
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

const parse = (text: string): StoreUrl => Either.getOrThrow(parseStoreUrl(text, BASE))
const canonical = (text: string): string => formatLocation(parse(text).location)
const error = (text: string): StoreUrlError => Option.getOrThrow(Either.getLeft(parseStoreUrl(text, BASE)))
const endpoint = (text: string): string => {
  const { location } = parse(`s3://bucket?endpoint=${text}`)
  return location._tag === "S3" ? Option.getOrThrow(location.endpoint) : ""
}

describe("every store URL of the guide", () => {
  it.each([
    ["s3://your-hx-sync-bucket/hx-sync?region=us-west-2", "s3://your-hx-sync-bucket/hx-sync?region=us-west-2"],
    [
      "s3://hx-sync?endpoint=localhost:9000&path_style=true&access_key=minioadmin&secret_key=minioadmin",
      "s3://hx-sync?endpoint=http://localhost:9000&path_style=true"
    ],
    [
      "s3://my-wasabi-bucket/hx-sync?endpoint=s3.wasabisys.com&region=us-east-1",
      "s3://my-wasabi-bucket/hx-sync?region=us-east-1&endpoint=https://s3.wasabisys.com"
    ],
    ["s3://my-bucket/hx-sync", "s3://my-bucket/hx-sync"],
    ["s3://bucket?access_key=key&secret_key=secret&region=us-west-2", "s3://bucket?region=us-west-2"]
  ])("%s is understood", (url, location) => expect(canonical(url)).toBe(location))
})

describe("the parts of a store URL", () => {
  it("are the location, which is shown, and the credentials, which are not", () => {
    const url = parse(
      `s3://bucket/a/b?region=eu-west-1&access_key=${ACCESS}&secret_key=${SECRET}&session_token=tok%2Fen%3D%3D`
    )
    expect(formatLocation(url.location)).toBe("s3://bucket/a/b?region=eu-west-1")
    const credentials = Option.getOrThrow(url.credentials)
    expect(Redacted.value(credentials.accessKey)).toBe(ACCESS)
    expect(Redacted.value(credentials.secretKey)).toBe(SECRET)
    expect(Option.map(credentials.sessionToken, Redacted.value)).toEqual(Option.some("tok/en=="))
    const shown = `${JSON.stringify(url)} ${String(credentials.secretKey)} ${describeLocation(url.location)}`
    expect(shown).not.toContain(SECRET)
    expect(shown).not.toContain(ACCESS)
  })

  it("are decoded from percent escapes, and a plus stays a plus", () => {
    const url = parse("s3://bucket/my%20history/%23?profile=a+b%26c")
    expect(url.location).toMatchObject({ prefix: "my history/#", profile: Option.some("a+b&c") })
    expect(canonical("s3://bucket/my%20history/%23?profile=a+b%26c")).toBe(
      "s3://bucket/my%20history/%23?profile=a%2Bb%26c"
    )
  })

  it("may leave out the prefix, with or without a slash", () => {
    for (const text of [
      "s3://bucket",
      "s3://bucket/",
      "S3://bucket",
      " s3://bucket\n".trim(),
      "s3://bucket?",
      "s3://bucket/?"
    ]) {
      expect(canonical(text)).toBe("s3://bucket")
    }
    expect(canonical("s3://bucket/a/b/")).toBe("s3://bucket/a/b")
  })
})

describe("an endpoint without a scheme", () => {
  it.each([
    ["s3.wasabisys.com", "https://s3.wasabisys.com"],
    ["minio.example.com:9000", "https://minio.example.com:9000"],
    ["minio:9000", "https://minio:9000"],
    ["8.8.8.8:9000", "https://8.8.8.8:9000"],
    ["172.32.0.1", "https://172.32.0.1"],
    ["11.0.0.1", "https://11.0.0.1"],
    ["localhost.example.com", "https://localhost.example.com"],
    ["10.example.com", "https://10.example.com"]
  ])("is https: %s", (text, url) => expect(endpoint(text)).toBe(url))

  it.each([
    ["localhost:9000", "http://localhost:9000"],
    ["LOCALHOST", "http://localhost"],
    ["s3.localhost:4566", "http://s3.localhost:4566"],
    ["127.0.0.1:9000", "http://127.0.0.1:9000"],
    ["10.1.2.3:80", "http://10.1.2.3"],
    ["172.16.0.1", "http://172.16.0.1"],
    ["172.31.255.255", "http://172.31.255.255"],
    ["192.168.1.10:9000", "http://192.168.1.10:9000"],
    ["169.254.1.1", "http://169.254.1.1"],
    ["[::1]:9000", "http://[::1]:9000"],
    ["[fd00::1]", "http://[fd00::1]"],
    ["[fe80::1]", "http://[fe80::1]"]
  ])("is http on loopback and private addresses: %s", (text, url) => expect(endpoint(text)).toBe(url))

  it("is https where it names the port of https", () => expect(endpoint("127.0.0.1:443")).toBe("https://127.0.0.1"))
})

describe("an endpoint with a scheme", () => {
  it.each([
    ["http://minio.example.com", "http://minio.example.com"],
    ["https://localhost:9000/", "https://localhost:9000"],
    ["https://x.supabase.co/storage/v1/s3", "https://x.supabase.co/storage/v1/s3"]
  ])("is what was written: %s", (text, url) => expect(endpoint(text)).toBe(url))

  it.each([
    "ftp://host",
    "http://",
    "https://a b",
    "host:99999",
    "http://user:pass@host",
    "user:pass@host",
    "host?x",
    "host%23f",
    "%0a"
  ])("is refused where it is no address: %s", (text) => {
    const refused = error(`s3://bucket?endpoint=${text}`)
    expect(refused.where).toBe("endpoint")
    expect(refused.message).not.toContain("pass@")
  })
})

describe("a folder", () => {
  it.each([
    ["folder:/srv/hx", "folder:/srv/hx"],
    ["folder:/srv/hx/", "folder:/srv/hx"],
    ["folder:sync", "folder:/work/sync"],
    ["folder:../sync", "folder:/sync"],
    ["folder:~/Dropbox/hx", "folder:/home/anna/Dropbox/hx"],
    ["folder:~", "folder:/home/anna"],
    ["FOLDER:/srv", "folder:/srv"],
    ["folder:/a b/ü%41", "folder:/a b/ü%41"],
    ["file:///srv/hx", "folder:/srv/hx"],
    ["file://localhost/srv/a%20b", "folder:/srv/a b"],
    ["file:///srv/what%3F", "file:///srv/what%3F"]
  ])("%s is %s", (text, location) => expect(canonical(text)).toBe(location))

  it.each([
    "folder:",
    "folder:/x?region=a",
    "folder://host/x",
    "folder:~bob/x",
    "file:relative",
    "file://host/x",
    "file:///x?y"
  ])("is not %s", (text) => expect(error(text).next).not.toBe(""))
})

describe("a bad store URL", () => {
  it("is told what was probably meant", () => {
    expect(error("your-bucket/hx").next).toBe("for a bucket, put s3:// before its name")
    expect(error("s3//your-bucket").next).toBe("write s3://, with a colon")
    expect(error("./hx").next).toBe("for a folder, put folder: before the path")
    expect(error("https://your-bucket.s3.amazonaws.com").next).toContain("?endpoint=")
  })

  it.each([
    ["", "no scheme"],
    ["bucket/prefix", "no scheme"],
    ["/srv/hx", "no scheme"],
    ["https://bucket", "no such kind of store"],
    ["gs://bucket", "no such kind of store"],
    ["s3:bucket", "name is missing"],
    ["s3://", "name is missing"],
    ["s3:///prefix", "name is missing"],
    ["s3://ab", "not a bucket's name"],
    ["s3://My_Bucket", "not a bucket's name"],
    ["s3://-bucket", "not a bucket's name"],
    ["s3://bu..cket", "not a bucket's name"],
    ["s3://192.168.1.1", "not a bucket's name"],
    [`s3://${"b".repeat(64)}`, "not a bucket's name"],
    ["s3://bucket/../other", "not a prefix"],
    ["s3://bucket/a/./b", "not a prefix"],
    ["s3://bucket//a", "not a prefix"],
    ["s3://bucket/%2e%2e/a", "not a prefix"],
    ["s3://bucket/a\\b", "not a prefix"],
    ["s3://bucket/a#b", '"#"'],
    ["s3://bucket/%zz", '"%"'],
    ["s3://bucket/%00", "control characters"],
    ["s3://bucket/\u0007", "control characters"],
    [`s3://bucket/${"p".repeat(600)}`, "too long"],
    ["s3://bucket?region=a&region=b", "given twice"],
    ["s3://bucket?region=", "no value"],
    ["s3://bucket?region", "no value"],
    ["s3://bucket?region=us west", "name of a region"],
    ["s3://bucket?path_style=yes", "neither true nor false"],
    ["s3://bucket?access_key=a", "without secret_key"],
    ["s3://bucket?secret_key=a", "without access_key"],
    ["s3://bucket?session_token=a", "without access_key"],
    ["s3://bucket?profile=p&access_key=a&secret_key=b", "Both a profile and keys"]
  ])("%s is refused: %s", (text, what) => {
    const refused = error(text)
    expect(refused.what).toContain(what)
    expect(refused.where).not.toBe("")
    expect(refused.next).not.toBe("")
  })

  it("with an unknown parameter names the nearest known one", () => {
    expect(error("s3://bucket?regoin=x")).toMatchObject({
      what: 'There is no parameter "regoin"',
      next: "did you mean region?"
    })
    expect(error("s3://bucket?pathstyle=true").next).toBe("did you mean path_style?")
    expect(error("s3://bucket?storage_class=x").next).toContain("the parameters are region, endpoint")
  })

  it("repeats no secret and no piece of one", () => {
    const urls = [
      `s3://${ACCESS}:${SECRET}@bucket/x`,
      `s3://bucket?acces_key=${ACCESS}&secret_key=${SECRET}`,
      `s3://bucket?secret_key=${SECRET}%`,
      `s3://bucket/hx&access_key=${ACCESS}&secret_key=${SECRET.replaceAll("/", "%2F")}`,
      `s3://bucket/hx%3Faccess_key=${ACCESS}&secret_key=x`,
      `s3://bucket&secret_key=${SECRET}`,
      `s3://bucket/hx/aws_secret_access_key=${SECRET}`,
      `s3://bucket?profile=default?secret_key=${SECRET}`,
      `s3://bucket?secret_key=${SECRET}&secret_key=${SECRET}`,
      `s3://bucket?secret_key=${SECRET}`,
      `s3://bucket?access_key=${ACCESS}&secret_key=wJalr&${SECRET.slice(5)}`,
      `s3://bucket?access_key=${ACCESS}&secret_key=wJalr&${SECRET.slice(5)}=`,
      `s3://bucket?endpoint=https://${ACCESS}:${SECRET}@host`,
      `s3://bucket?region=${encodeURIComponent(SECRET)}`,
      `s3://bucket?path_style=${SECRET}`
    ]
    for (const url of urls) {
      const refused = error(url)
      const shown = `${refused.message} ${JSON.stringify(refused)}`
      expect(shown, url).not.toContain(ACCESS)
      for (let from = 0; from + 8 <= SECRET.length; from += 4)
        expect(shown, url).not.toContain(SECRET.slice(from, from + 8))
    }
  })
})

describe("the note on quoting", () => {
  it("is given where the URL looks cut at its first ampersand", () => {
    for (const first of ["endpoint=localhost:9000", "path_style=true"])
      expect(Option.getOrThrow(quotingHint(parse(`s3://hx-sync?${first}`)))).toContain("quote")
  })

  it.each(["s3://b-b?endpoint=localhost:9000&path_style=true", "s3://b-b?region=us-west-2", "s3://b-b", "folder:/x"])(
    "is not given for %s",
    (text) => expect(quotingHint(parse(text))).toEqual(Option.none())
  )
})

describe("a location", () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,20}[a-z0-9]$/)
  const segment = fc
    .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
    .filter((text) => !/[\p{Cc}\\/]/u.test(text) && text !== "." && text !== ".." && text.isWellFormed())
  const location = fc.oneof(
    fc.record({
      _tag: fc.constant("S3" as const),
      bucket: name,
      prefix: fc.array(segment, { maxLength: 3 }).map((segments) => segments.join("/")),
      region: fc.option(name).map(Option.fromNullable),
      endpoint: fc
        .option(fc.webUrl({ validSchemes: ["http", "https"] }).map((url) => new URL(url).origin))
        .map(Option.fromNullable),
      pathStyle: fc.option(fc.boolean()).map(Option.fromNullable),
      profile: fc.option(segment).map(Option.fromNullable)
    }),
    fc.record({
      _tag: fc.constant("Folder" as const),
      path: fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join("/")}`)
    })
  )

  it("is read back from its text", () => {
    fc.assert(
      fc.property(location, (given) => {
        expect(parse(formatLocation(given))).toEqual({ location: given, credentials: Option.none() })
      })
    )
  })
})
