import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";

/** What went wrong with the control socket at a path, told with what to do. */
export function socketError(path: string, cause: unknown): CocaineError {
  switch ((cause as { code?: unknown }).code) {
    case "COC_ZMTP_ADDRESS_IN_USE": {
      const message = `a server listens on ${path} already: end it, or give this one another runtime folder`;
      return createError("COC_ADMIN_RUNNING", message, { cause });
    }
    case "COC_ZMTP_CONNECT": {
      const message = `no node answers at ${path}: is cocained running? If it has another runtime folder, name that one`;
      return createError("COC_ADMIN_UNREACHABLE", message, { cause });
    }
    default:
      return createError("COC_ADMIN_SOCKET", `the control socket ${path} cannot be used: ${messageOf(cause)}`, {
        cause,
      });
  }
}
