// @ts-check
import { connect } from "node:net";

/**
 * Whether something listens there.
 *
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function reachable(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const say = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => say(true));
    socket.once("error", () => say(false));
    socket.once("timeout", () => say(false));
  });
}
