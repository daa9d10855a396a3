/** A device is one installation of hx: one data directory, one log. */

import { Brand } from "effect"

/** 128 random bits as 32 lowercase hex digits. */
export type DeviceId = string & Brand.Brand<"hx/DeviceId">

const DEVICE_ID = /^[0-9a-f]{32}$/

export const DeviceId = Brand.refined<DeviceId>(
  (text) => DEVICE_ID.test(text),
  (text) => Brand.error(`not a device id (32 lowercase hex digits): ${text}`)
)

export const isDeviceId = (text: string): text is DeviceId => DEVICE_ID.test(text)
