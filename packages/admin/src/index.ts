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
export { dispatch, type Reply, type Request } from "./dispatch.ts";
export { createLocalClient, type LocalClient, type LocalClientOptions } from "./local/client.ts";
export { createLocalServer, type LocalServer, type LocalServerOptions } from "./local/server.ts";
export { createLogBook, type LogBook, type LogBookOptions, type LogEntry } from "./logbook.ts";
