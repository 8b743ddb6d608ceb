import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A network of namespaces on a bridge, each a machine as far as its network goes; files and Unix sockets are shared with
 * this one. Needs Linux, root, `ip`, `tc` and `nft`. Whatever happens, `close()` removes all of it.
 */
export function createNetwork() {
  const name = `coc${process.pid}`;
  const subnet = `10.213.${process.pid % 250}`;
  const places = [];
  let open = true;
  run("ip", "link", "add", name, "type", "bridge");
  try {
    run("ip", "addr", "add", `${subnet}.254/24`, "dev", name);
    run("ip", "link", "set", name, "up");
    run("nft", "add", "table", "bridge", name);
    // Frames between two of the network, and those from and to this machine.
    for (const hook of ["forward", "input", "output"]) {
      run("nft", "add", "chain", "bridge", name, hook, `{ type filter hook ${hook} priority 0; }`);
    }
  } catch (error) {
    close();
    throw error;
  }

  /** Adds one; programs run in it behind `prefix`. */
  function add() {
    const number = places.length + 1;
    const space = `${name}-${number}`;
    const link = `${name}v${number}`;
    const address = `${subnet}.${number}`;
    places.push({ space, link });
    run("ip", "netns", "add", space);
    run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space);
    run("ip", "link", "set", link, "master", name, "up");
    run("ip", "-n", space, "addr", "add", `${address}/24`, "dev", "eth0");
    run("ip", "-n", space, "link", "set", "eth0", "up");
    run("ip", "-n", space, "link", "set", "lo", "up");
    const drop = (chain, side) => run("nft", "add", "rule", "bridge", name, chain, side, link, "drop");

    return {
      address,
      prefix: ["ip", "netns", "exec", space],
      /** Nothing gets out (`out`), or in (`in`), or either (`both`): frames are lost in silence, as on a cut wire. */
      cut(way) {
        if (way !== "in") for (const chain of ["forward", "input"]) drop(chain, "iifname");
        if (way !== "out") for (const chain of ["forward", "output"]) drop(chain, "oifname");
      },
      /** What gets in is held up as on a line of so many kilobits a second. */
      slow(kilobits) {
        const shape = ["rate", `${kilobits}kbit`, "burst", "4kb", "latency", "2s"];
        run("tc", "qdisc", "replace", "dev", link, "root", "tbf", ...shape);
      },
    };
  }

  /** Takes back every cut and slowness. */
  function heal() {
    for (const hook of ["forward", "input", "output"]) run("nft", "flush", "chain", "bridge", name, hook);
    for (const { link } of places) tryTo("tc", "qdisc", "del", "dev", link, "root");
  }

  function close() {
    if (!open) return;
    open = false;
    for (const { space, link } of places) {
      tryTo("ip", "link", "del", link);
      tryTo("ip", "netns", "del", space);
    }
    tryTo("nft", "delete", "table", "bridge", name);
    tryTo("ip", "link", "del", name);
  }

  return { add, heal, close };
}

/**
 * A prefix under which a program's calendar is so many seconds off, while its monotonic clock goes right, as on a machine
 * whose time is set wrongly. A time namespace can do only the opposite. Needs libfaketime.
 */
export function skewed(seconds) {
  const library = readdirSync("/usr/lib")
    .map((triplet) => `/usr/lib/${triplet}/faketime/libfaketimeMT.so.1`)
    .find((path) => tryTo("test", "-e", path));
  if (library === undefined) throw new Error("libfaketime is not there: apt-get install faketime");
  const offset = `${seconds < 0 ? "" : "+"}${seconds}`;
  return ["env", `LD_PRELOAD=${library}`, `FAKETIME=${offset}`, "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"];
}

/** Resolves once that is so; fails with what was waited for. */
export async function until(condition, what, seconds = 30) {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await delay(50);
  }
}

function run(command, ...args) {
  return execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
}

/** @returns whether it went well */
function tryTo(command, ...args) {
  try {
    run(command, ...args);
    return true;
  } catch {
    return false;
  }
}
