/**
 * Loads an HTTP server with wrk, after a short warm-up; resolves to requests a second.
 * Rejects when an answer was not a good one: an error is cheap to serve.
 */
export async function load(programs, port, { connections, seconds }) {
  await wrk(programs, port, connections, 1);
  return wrk(programs, port, connections, seconds);
}

async function wrk(programs, port, connections, seconds) {
  const url = `http://127.0.0.1:${port}/`;
  const output = await programs.run("wrk", ["-t", 1, "-c", connections, "-d", `${seconds}s`, url]);
  const rate = /Requests\/sec:\s*([\d.]+)/.exec(output)?.[1];
  if (rate === undefined || Number(rate) === 0 || /Non-2xx|Socket errors/.test(output)) {
    throw new Error(`wrk met errors at ${url}:\n${output}`);
  }
  return Number(rate);
}
