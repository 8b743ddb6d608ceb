import { z } from "zod";

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const PATTERN = /^(\d+(?:\.\d+)?) ?([KMGT]i?B|B)$/;
const EXPECTED = 'text such as "512MB", "1.5GB" or "256MiB"';

/** A number of bytes, as a number or with a unit: KB, MB, GB and TB are powers of 1000, KiB to TiB those of 1024. */
export const bytes = z.union([z.int().min(0), z.string().regex(PATTERN, EXPECTED).transform(read)]);

function read(text: string): number {
  const [, amount, unit = "B"] = PATTERN.exec(text) ?? [];
  return Math.round(Number(amount) * (UNITS[unit] ?? 1));
}
