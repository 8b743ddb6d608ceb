import { type Issue, isCocaineError, messageOf, parseManifest, type Registry } from "@cocaine/core";
import { readManifestFile } from "./manifest-file.ts";

/** What a check says of one file. */
export interface Verdict {
  readonly file: string;
  /** What is wrong; empty for a good manifest. */
  readonly issues: readonly Pick<Issue, "path" | "message">[];
}

/** Checks a manifest file as a deploy would, without running anything. */
export async function checkFile(file: string, registry: Registry): Promise<Verdict> {
  try {
    const { name, manifest } = await readManifestFile(file);
    parseManifest(manifest, { name, registry });
    return { file, issues: [] };
  } catch (error) {
    return { file, issues: issuesIn(error) ?? [{ path: "", message: messageOf(error) }] };
  }
}

function issuesIn(error: unknown): readonly Issue[] | undefined {
  if (!isCocaineError(error) || error.code !== "COC_MANIFEST") return undefined;
  return (error.details as { issues: readonly Issue[] }).issues;
}

/** Writes a verdict for people. */
export function verdictText({ file, issues }: Verdict): string {
  if (issues.length === 0) return `${file}: ok`;
  return [
    `${file}: ${issues.length} ${issues.length === 1 ? "error" : "errors"}`,
    ...issues.map(({ message }) => `  ${message}`),
  ].join("\n");
}
