import { bundle, putBundlePiece, sealBundle } from "./actions/bundles.ts";
import { call } from "./actions/call.ts";
import { crashlogs } from "./actions/crashlogs.ts";
import { deadLetter, deadLetters, dropDeadLetter, replayDeadLetter } from "./actions/dead-letters.ts";
import { deploy } from "./actions/deploy.ts";
import { feed } from "./actions/feed.ts";
import { info, node } from "./actions/info.ts";
import { addKey, keys, revokeKey, whoami } from "./actions/keys.ts";
import { list } from "./actions/list.ts";
import { logs } from "./actions/logs.ts";
import { nodes } from "./actions/nodes.ts";
import { pause } from "./actions/pause.ts";
import { remove } from "./actions/remove.ts";
import { restart } from "./actions/restart.ts";
import { resume } from "./actions/resume.ts";

/** Every action of a node, by name: the same over each transport. */
export const actions = {
  bundle,
  putBundlePiece,
  sealBundle,
  deploy,
  remove,
  restart,
  pause,
  resume,
  list,
  info,
  node,
  call,
  logs,
  feed,
  crashlogs,
  deadLetters,
  deadLetter,
  replayDeadLetter,
  dropDeadLetter,
  nodes,
  whoami,
  keys,
  addKey,
  revokeKey,
};

type Actions = typeof actions;

type Named<Kind extends string> = {
  [N in keyof Actions]: Actions[N] extends { kind: Kind } ? N : never;
}[keyof Actions];

/** Names of the actions that are answered once. */
export type AnswerName = Named<"answer">;

/** Names of the actions that are answered by a stream. */
export type StreamName = Named<"stream">;

/** What a client gives an action. */
export type InputOf<N extends keyof Actions> = Actions[N]["input"]["_zod"]["input"];

/** What an action answers. */
export type ResultOf<N extends AnswerName> = Awaited<ReturnType<Actions[N]["run"]>>;

/** What a streamed action gives, one by one. */
export type ItemOf<N extends StreamName> =
  ReturnType<Actions[N]["open"]> extends AsyncIterable<infer Item> ? Item : never;
