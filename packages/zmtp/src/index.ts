export { createDealer, type Dealer, type DealerOptions } from "./dealer.ts";
export { createDecoder, type Decoder, type DecoderSink } from "./decoder.ts";
export { createEncoder, type Encoder, type Frame } from "./encoder.ts";
export { type Endpoint, formatEndpoint, parseEndpoint } from "./endpoint.ts";
export { ZmtpError, type ZmtpErrorCode } from "./errors.ts";
export type { Heartbeat } from "./heartbeat.ts";
export type { Limits } from "./limits.ts";
export { createRouter, type Peer, type Router, type RouterOptions } from "./router.ts";
