import { type CocaineError, createError, messageOf, resolveHost } from "@cocaine/core/plugin";

/** An endpoint as the system binds it. */
export interface Address {
  /** IP address; `undefined` is every interface, IPv6 and IPv4. */
  readonly host: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  /** It begins with `https://`. */
  readonly tls: boolean;
}

/**
 * Finds the address of an endpoint such as `http://lo:8080`.
 *
 * @throws `COC_HTTP_ENDPOINT` where its host is no interface, address or name, or the port is out of range.
 */
export async function resolveEndpoint(endpoint: string): Promise<Address> {
  const [, scheme, bracketed, plain, number] =
    /^(https?):\/\/(?:\[(.+)\]|([^/:]+))(?::(\d+))?\/?$/.exec(endpoint) ?? [];
  const host = bracketed ?? plain ?? "";
  const tls = scheme === "https";
  const port = Number(number ?? (tls ? 443 : 80));
  if (port > 65_535) throw endpointError(endpoint, "a port is 0 to 65535");
  try {
    return { host: await resolveHost(host), port, tls };
  } catch (error) {
    throw endpointError(endpoint, messageOf(error), error);
  }
}

/** The URL under which a bound address is reached. */
export function urlOf(scheme: string, address: string, port: number): string {
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** Says what to do about an endpoint that could not be bound. */
export function bindError(endpoint: string, cause: unknown): CocaineError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE") {
    return createError(
      "COC_HTTP_ADDRESS_IN_USE",
      `The endpoint ${endpoint} is taken: end the program that has it, or change the task's endpoint`,
      { cause },
    );
  }
  return endpointError(endpoint, messageOf(cause), cause);
}

function endpointError(endpoint: string, why: string, cause?: unknown): CocaineError {
  const remedy = "give http[s]://<interface, address or *>:<port> of this machine, with a port that may be opened";
  return createError("COC_HTTP_ENDPOINT", `The endpoint ${endpoint} cannot be bound (${why}): ${remedy}`, { cause });
}
