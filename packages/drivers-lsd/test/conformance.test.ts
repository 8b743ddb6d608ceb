import { testDriver } from "@cocaine/testing";
import { test } from "vitest";
import { Dealer } from "zeromq";
import { lsdServerDriver } from "../src/index.ts";

testDriver({
  test,
  driver: lsdServerDriver(),
  answers: true,
  options: () => ({ endpoint: "tcp://127.0.0.1:0" }),
  taken: ({ endpoints, endpoint }) => ({ endpoint: [endpoints ?? endpoint].flat()[0] }),
  async fire({ endpoints, endpoint }, text) {
    const socket = new Dealer({ linger: 0, receiveTimeout: 2000 });
    socket.connect(String([endpoints ?? endpoint].flat()[0]));
    try {
      await socket.send(["", JSON.stringify({ uuid: "a" }), text]);
      let head: { completed?: boolean; code?: number } = {};
      while (head.completed === undefined && head.code === undefined) {
        head = JSON.parse(String((await socket.receive())[1]));
      }
    } finally {
      socket.close();
    }
  },
});
