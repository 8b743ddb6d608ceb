import { createError } from "@cocaine/core/plugin";

export function conflict(place: string, found: string | null, expected: string | null): Error {
  const message = `${place} is at revision ${found}, not ${expected}: read it again and repeat the change`;
  return createError("COC_STORAGE_CONFLICT", message);
}

export function closed(path: string): Error {
  return createError(
    "COC_STORAGE_CLOSED",
    `the storage ${path} is not open: call start() first, and nothing after close()`,
  );
}

export function locked(path: string, pid: number, file: string): Error {
  const message = `the storage ${path} is used by process ${pid} (${file}): end that, or use another folder`;
  return createError("COC_STORAGE_LOCKED", message);
}

export function failed(what: string, path: string, cause: unknown): Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  return createError("COC_STORAGE_IO", `${path} could not be ${what}: ${REMEDIES[code ?? ""] ?? message}`, { cause });
}

export function badName(what: string, value: string, expected: string): Error {
  return createError(
    "COC_STORAGE_NAME",
    `the ${what} ${JSON.stringify(value.slice(0, 80))} is not valid: give ${expected}`,
  );
}

export function badValue(place: string, fault: string, cause: unknown): Error {
  const message = `the value of ${place} cannot be kept as JSON: ${fault}: give plain JSON, or null`;
  return createError("COC_STORAGE_VALUE", message, { cause });
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full (ENOSPC): free space",
  EDQUOT: "the disk quota is used up (EDQUOT): free space",
  EFBIG: "a file-size limit was hit (EFBIG): raise it",
  EACCES: "permission denied (EACCES): let this user write there",
  EROFS: "the file system is read-only (EROFS): mount it for writing, or use another folder",
};
