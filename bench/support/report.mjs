/** Prints medians, then ratios beside their targets. */
export function print({ title, unit, column, figures, ratios }) {
  console.log(`\n${title} (${unit}, medians)`);
  const cases = Object.keys(Object.values(figures)[0]);
  table([
    ["", ...cases.map((at) => `${at} ${column}`)],
    ...Object.entries(figures).map(([subject, each]) => [
      subject,
      ...cases.map((at) => each[at]?.toLocaleString("en") ?? ""),
    ]),
  ]);
  console.log("\nRatios to the peer");
  table([
    ["ours", "peer", column, "ratio", "target", ""],
    ...ratios.map(({ ours, peer, at, ratio, target, met }) => [
      ours,
      peer,
      String(at),
      ratio.toFixed(2),
      target?.toFixed(1) ?? "",
      met === undefined ? "" : met ? "met" : "missed",
    ]),
  ]);
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      isText(column, rows) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    );
    console.log(`  ${cells.join("  ").trimEnd()}`);
  }
}

/** A column of figures is set to the right. */
function isText(column, rows) {
  return rows.slice(1).some((row) => /[a-z]/i.test(row[column]));
}
