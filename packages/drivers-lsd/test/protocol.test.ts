import { expect, test } from "vitest";
import { connect, envelope, type Reply } from "./support/lsd.ts";
import { serve } from "./support/serve.ts";

test("a request is answered by its chunks as they come, and an end", async () => {
  const { endpoint, info } = await serve();
  const client = connect(endpoint("words"));
  client.ask("a", "one two three");
  expect(await client.all()).toEqual([
    { uuid: "a", chunk: "one" },
    { uuid: "a", chunk: "two" },
    { uuid: "a", chunk: "three" },
    { uuid: "a", completed: true },
  ]);
  expect(info("words")).toMatchObject({ clients: 1, requests: 1, replies: 1, running: 0 });
});

test("a response without chunks is an end alone", async () => {
  const { endpoint } = await serve();
  const client = connect(endpoint("nothing"));
  client.ask("a");
  expect(await client.all()).toEqual([{ uuid: "a", completed: true }]);
});

test("a uuid comes back as it was sent, whatever letters it has, and members that are not known are passed over", async () => {
  const { endpoint } = await serve();
  const client = connect(endpoint("echo"));
  const uuid = 'été "\\\n\u0000 7';
  client.ask(uuid, "x", { persistent: true, ack_timeout: 2 });
  expect(await client.all()).toEqual([
    { uuid, chunk: "x" },
    { uuid, completed: true },
  ]);
});

test("an envelope needs a uuid and nothing else", async () => {
  const { endpoint } = await serve();
  const client = connect(endpoint("echo"));
  client.send("", '{"uuid":"only"}', "x");
  expect(await client.all()).toEqual([
    { uuid: "only", chunk: "x" },
    { uuid: "only", completed: true },
  ]);
});

test("the frames of a route come back before the delimiter", async () => {
  const { endpoint } = await serve();
  const client = connect(endpoint("echo"));
  client.send("r1", "r2", "", envelope("a"), "x");
  expect(await client.raw()).toEqual(["r1", "r2", "", '{"uuid":"a"}', "x"]);
  expect(await client.raw()).toEqual(["r1", "r2", "", '{"uuid":"a","completed":true}']);
});

test("several pairs in one message are a job each, and one that is bad hurts no other", async () => {
  const { endpoint, info } = await serve();
  const client = connect(endpoint("echo"));
  const pairs = [envelope("a"), "1", "{", "2", envelope("b"), "", '{"uuid":"c","timeout":"soon"}', "3", envelope("d")];
  client.send("", ...pairs);
  const replies: Reply[] = [];
  while (replies.length < 6) replies.push(await client.next());
  const of = (uuid: string) => replies.filter((reply) => reply.uuid === uuid);
  expect(of("a")).toEqual([
    { uuid: "a", chunk: "1" },
    { uuid: "a", completed: true },
  ]);
  expect(of("b")).toEqual([{ uuid: "b", completed: true }]);
  expect(of("")).toEqual([{ uuid: "", code: 400, message: expect.stringMatching(/COC_LSD_REQUEST: .*not JSON/) }]);
  expect(of("c")).toEqual([{ uuid: "c", code: 400, message: expect.stringContaining("timeout") }]);
  expect(of("d")).toEqual([{ uuid: "d", code: 400, message: expect.stringContaining("no body") }]);
  expect(info("echo")).toMatchObject({ requests: 2, refused: 3, running: 0 });
});

test.each([
  { what: "no delimiter", frames: ["x"], why: "delimiter" },
  { what: "nothing after the delimiter", frames: [""], why: "no envelope" },
  { what: "no JSON", frames: ["", "hello", "x"], why: "not JSON" },
  { what: "an envelope that is no object", frames: ["", "7", "x"], why: "not valid" },
  { what: "no uuid", frames: ["", "{}", "x"], why: "uuid" },
  { what: "a uuid that is no text", frames: ["", '{"uuid":7}', "x"], why: "uuid" },
  { what: "a uuid that is too long", frames: ["", `{"uuid":"${"u".repeat(257)}"}`, "x"], why: "uuid" },
  { what: "a negative timeout", frames: ["", '{"uuid":"a","timeout":-1}', "x"], why: "timeout", uuid: "a" },
  { what: "too long an envelope", frames: ["", `${" ".repeat(5000)}{"uuid":"a"}`, "x"], why: "limits.envelope" },
])("$what is answered with 400", async ({ frames, why, uuid = "" }) => {
  const { endpoint } = await serve();
  const client = connect(endpoint("echo"));
  client.send(...frames);
  expect(await client.next()).toEqual({ uuid, code: 400, message: expect.stringContaining(why) });
  client.ask("after", "x");
  expect(await client.next()).toEqual({ uuid: "after", chunk: "x" });
});
