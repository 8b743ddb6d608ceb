export {
  type Action,
  type ActionRequest,
  type AnswerAction,
  answerAction,
  type Node,
  type StreamAction,
  streamAction,
} from "./action.ts";
export type { FeedItem } from "./actions/feed.ts";
export { type AnswerName, actions, type InputOf, type ItemOf, type ResultOf, type StreamName } from "./actions.ts";
export type { AdminClient } from "./client/client.ts";
export { dispatch, type Reply, type Request } from "./dispatch.ts";
export {
  ALGORITHMS,
  type Algorithm,
  fingerprintOf,
  generateKey,
  type PrivateJwk,
  type PublicJwk,
  parsePrivateKey,
  parsePublicKey,
  publicKeyOf,
} from "./keys/jwk.ts";
export { readKeyFile, writeKeyFile } from "./keys/key-file.ts";
export { createKeys, type Keys, type UserKey } from "./keys/keys.ts";
export { type Caller, ROLES, type Role } from "./keys/roles.ts";
export { createLocalClient, type LocalClientOptions } from "./local/client.ts";
export { createLocalServer, type LocalServer, type LocalServerOptions } from "./local/server.ts";
export { createLogBook, type LogBook, type LogBookOptions, type LogEntry } from "./logbook.ts";
export type { Audit, AuditRecord } from "./remote/audit.ts";
export { createRemoteClient, type RemoteClientOptions } from "./remote/client.ts";
export { createRemoteServer, type RemoteServer, type RemoteServerOptions } from "./remote/server.ts";
