/**
 * The address of an S3-compatible service: `localhost:9000`, `s3.wasabisys.com`, `https://host/path`, `[::1]:9000`. Pure.
 *
 * Without a scheme it means https, except for loopback and private addresses, where it means http: so plain http over the internet happens
 * only to those who wrote it out.
 */

import { isIP } from "node:net"

/** The endpoint with its scheme and without a final "/", or undefined where it is no address of a service. */
export const parseEndpoint = (text: string): string | undefined => {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") return undefined
  const url = toUrl(scheme === undefined ? `https://${text}` : text)
  if (url === undefined || url.hostname === "" || url.username !== "" || url.password !== "") return undefined
  if (/[?#\s]/.test(text)) return undefined
  if (scheme !== undefined) return trimmed(url)
  // The port that a scheme implies is dropped when parsed, so ":443" has to be looked for in the text.
  const plain = isLocal(url.hostname) && !/:443(\/|$)/.test(text)
  return plain ? trimmed(toUrl(`http://${text}`) ?? url) : trimmed(url)
}

/** "host:port" of an endpoint, for messages. */
export const endpointHost = (endpoint: string): string => toUrl(endpoint)?.host ?? endpoint

/** Loopback and private addresses (RFC 1918, 3927, 4193, 4291) and the names of this machine. */
export const isLocal = (hostname: string): boolean => {
  const host = bare(hostname)
  if (host === "localhost" || host.endsWith(".localhost")) return true
  if (isIP(host) === 4) return /^(127|10)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\./.test(host)
  return isIP(host) === 6 && (host === "::1" || /^f[cd]|^fe[89ab]/.test(host))
}

/**
 * Whether the bucket goes into the path of requests or before the host name, where the user did not say. A bucket before the host needs wildcard
 * DNS and certificates, which the large services have and others rarely; addresses, names without a dot and buckets with one cannot have them.
 */
export const defaultPathStyle = (endpoint: string | undefined, bucket: string): boolean => {
  if (bucket.includes(".")) return true
  if (endpoint === undefined) return false
  const host = bare(toUrl(endpoint)?.hostname ?? "")
  return !VIRTUAL_HOSTED.some((domain) => host === domain || host.endsWith(`.${domain}`))
}

/** Services that want the bucket before the host. */
const VIRTUAL_HOSTED = ["amazonaws.com", "amazonaws.com.cn", "aliyuncs.com", "myqcloud.com", "volces.com"]

const toUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined)

const trimmed = (url: URL): string => `${url.origin}${url.pathname}`.replace(/\/+$/, "")

const bare = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
