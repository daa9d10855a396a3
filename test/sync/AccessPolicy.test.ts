import { Option } from "effect"
import { describe, expect, it } from "vitest"
import type { S3Location } from "../../src/store/StoreUrl.ts"
import { accessPolicy, EXTRAS, lackingOn } from "../../src/sync/AccessPolicy.ts"

const at = (prefix: string): S3Location => ({
  _tag: "S3",
  bucket: "bucket",
  prefix,
  region: Option.none(),
  endpoint: Option.none(),
  pathStyle: Option.none(),
  profile: Option.none()
})
const minimal = { readOnly: false, extras: [], region: undefined }

describe("the policy that hx needs", () => {
  it("is for one prefix: lists of it, and its objects", () => {
    expect(accessPolicy(at("team/hx"), minimal)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "HxList",
          Effect: "Allow",
          Action: ["s3:ListBucket"],
          Resource: "arn:aws:s3:::bucket",
          Condition: { StringLike: { "s3:prefix": ["team/hx/*"] } }
        },
        {
          Sid: "HxObjects",
          Effect: "Allow",
          Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
          Resource: "arn:aws:s3:::bucket/team/hx/*"
        }
      ]
    })
  })

  it("of a whole bucket has no condition; what stands for something else in a policy is written out", () => {
    const [list, objects] = accessPolicy(at(""), minimal).Statement
    expect(list).not.toHaveProperty("Condition")
    expect(objects?.Resource).toBe("arn:aws:s3:::bucket/*")
    expect(accessPolicy(at("a*b?c$"), minimal).Statement[1]?.Resource).toBe("arn:aws:s3:::bucket/a${*}b${?}c${$}/*")
  })

  it("of a device that only pulls writes nothing", () => {
    const actions = accessPolicy(at("p"), { ...minimal, readOnly: true }).Statement.flatMap(({ Action }) => Action)
    expect(actions).toEqual(["s3:ListBucket", "s3:GetObject"])
  })

  it("has more only where it is asked for", () => {
    const actions = accessPolicy(at("p"), { ...minimal, extras: EXTRAS }).Statement.flatMap(({ Action }) => Action)
    expect(actions.slice(5)).toEqual([
      "s3:ListBucketVersions",
      "s3:DeleteObjectVersion",
      "s3:RestoreObject",
      "s3:GetLifecycleConfiguration",
      "s3:PutLifecycleConfiguration"
    ])
  })

  it("names the partition of the region", () => {
    const partition = (region: string) => accessPolicy(at("p"), { ...minimal, region }).Statement[0]?.Resource
    expect(partition("cn-north-1")).toBe("arn:aws-cn:s3:::bucket")
    expect(partition("us-gov-west-1")).toBe("arn:aws-us-gov:s3:::bucket")
    expect(partition("eu-west-1")).toBe("arn:aws:s3:::bucket")
  })
})

it("a lacking permission is named for all objects of hx, and a list with its prefix", () => {
  const put = { action: "s3:PutObject", resource: "arn:aws:s3:::bucket/p/probe-1" }
  expect(lackingOn(at("p"), put)).toBe("s3:PutObject on arn:aws:s3:::bucket/p/*")
  const list = { action: "s3:ListBucket", resource: "arn:aws:s3:::bucket" }
  expect(lackingOn(at("p"), list)).toBe("s3:ListBucket on arn:aws:s3:::bucket for the prefix p/*")
  expect(lackingOn(at(""), list)).toBe("s3:ListBucket on arn:aws:s3:::bucket")
})
