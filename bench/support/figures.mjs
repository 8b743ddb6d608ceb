/**
 * Measures every subject in every case, round after round, so that a slow moment of the machine meets all of them.
 * The first round does not count: code is compiled in it, workers start and caches fill.
 *
 * @param subjects - their names.
 * @param cases - what each is measured at, such as the messages in flight.
 * @param measure - `(subject, case)` to one figure, or to none where there is no such case.
 * @returns `{ [subject]: { [case]: figures in the order of the rounds } }`
 */
export async function interleave({ subjects, cases, rounds, measure }) {
  const figures = {};
  for (const subject of subjects) figures[subject] = Object.fromEntries(cases.map((at) => [at, []]));
  for (let round = 0; round <= rounds; round += 1) {
    process.stderr.write(round === 0 ? "warm-up\n" : `round ${round} of ${rounds}\n`);
    for (const at of cases) {
      for (const subject of subjects) {
        const figure = await measure(subject, at);
        if (round > 0 && figure !== undefined) figures[subject][at].push(figure);
      }
    }
  }
  return figures;
}

/** The middle one, or the mean of the two in the middle. */
function median(figures) {
  const sorted = [...figures].sort((left, right) => left - right);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The median of each list that has figures. */
export function medians(figures) {
  const each = (lists) =>
    Object.fromEntries(
      Object.entries(lists).flatMap(([at, list]) => (list.length === 0 ? [] : [[at, Math.round(median(list))]])),
    );
  return Object.fromEntries(Object.entries(figures).map(([subject, lists]) => [subject, each(lists)]));
}

/**
 * Holds figures against targets. A ratio is taken within each round, since both sides then met the same machine, and
 * the median of those counts.
 *
 * @param targets - `{ ours, peer, at }` with the ratio that is wanted: `target` where more is better, `atMost` where
 * less is. Without either the ratio is for information.
 */
export function compare(figures, targets) {
  return targets.map(({ ours, peer, at, target, atMost }) => {
    const ratios = figures[ours][at].map((figure, round) => figure / figures[peer][at][round]);
    const ratio = Number(median(ratios).toFixed(3));
    if (atMost !== undefined) return { ours, peer, at, ratio, target: atMost, met: ratio <= atMost };
    return { ours, peer, at, ratio, ...(target === undefined ? {} : { target, met: ratio >= target }) };
  });
}
