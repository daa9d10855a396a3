/** As much of s3rver as is used here; the package has no types. */
declare module "s3rver" {
  import type { Server } from "node:http"

  export default class S3rver {
    constructor(options: {
      readonly address: string
      readonly port: number
      readonly silent: boolean
      readonly directory: string
      readonly vhostBuckets: boolean
      readonly configureBuckets: ReadonlyArray<{ readonly name: string }>
    })
    readonly httpServer: Server | undefined
    run(): Promise<{ readonly address: string; readonly port: number }>
    close(): Promise<void>
  }
}
