/**
 * Holds what was heard of the runs of tasks that run once in a cluster against what is promised.
 *
 * @param skew - seconds by which the calendar of nodes is off
 * @param faults - what was done when, to be told with what is broken
 * @returns figures; what is broken is added to `broken`.
 */
export function judge(name, firings, { skew, faults, broken }) {
  const figures = { [`${name}: runs`]: firings.length };
  for (const [task, own] of groups(firings, "task")) {
    const say = (what) => broken.push(`${name}, ${task}: ${what}`);
    const terms = new Set(own.map(({ term }) => term));
    figures[`${name}, ${task}: runs, terms`] = `${own.length}, ${terms.size}`;
    figures[`${name}, ${task}: late, refused by their term`] = own.filter(({ late }) => late).length;
    figures[`${name}, ${task}: moments again, by a newer term`] = repeated(own, say);
    const back = backwards(own, skew);
    if (back.length > 0) {
      const during = faults.filter(({ from }) => from < back[0].begun).slice(-2);
      say(`${back.length} runs of an older term were begun after a newer one's: ${show(...back)}, ${show(...during)}`);
    }
    // The moments of a timer begin anew where calendars differ; those of a cron are the same everywhere.
    if (task !== "every" || Object.keys(skew).length === 0) {
      figures[`${name}, ${task}: moments dropped`] = dropped(task, own, say);
    }
    figures[`${name}, ${task}: longest silence (s)`] = silence(own);
  }
  return figures;
}

/** @returns how many moments were run again by a newer term, as when a holder was killed before it had kept them. */
function repeated(own, say) {
  let again = 0;
  for (const same of groups(own, "scheduledFor").values()) {
    const terms = same.map(({ term }) => term);
    if (new Set(terms).size < terms.length) say(`twice under one term: ${show(...same)}`);
    again += terms.length - 1;
  }
  return again;
}

/** Runs that a node began while another had begun one under a newer term before; 50 ms are the clocks' own. */
function backwards(own, skew) {
  const begun = own
    .map((firing) => ({ ...firing, begun: firing.firedAt - (skew[firing.node] ?? 0) * 1000 }))
    .sort((a, b) => a.begun - b.begun);
  let newest = { term: 0, begun: 0 };
  return begun.filter((firing) => {
    if (firing.term < newest.term) return firing.begun - newest.begun > 50;
    if (firing.term > newest.term) newest = firing;
    return false;
  });
}

/** Milliseconds from one moment of a task to the next. */
export const periods = { every: 250, all: 1000, once: 1000 };

/** Each moment between two runs is run, or counted by the later run as `missed`. */
function dropped(task, own, say) {
  const moments = [...new Map(own.map((firing) => [firing.scheduledFor, firing])).values()];
  moments.sort((a, b) => a.scheduledFor - b.scheduledFor);
  let sum = 0;
  for (const [index, firing] of moments.entries()) {
    if (index === 0) continue;
    const between = Math.round((firing.scheduledFor - moments[index - 1].scheduledFor) / periods[task]) - 1;
    const unsaid = between - (task === "all" ? 0 : firing.missed);
    if (unsaid <= 0) continue;
    sum += unsaid;
    say(`${unsaid} moments were dropped: ${show(moments[index - 1], firing)}`);
  }
  return sum;
}

function groups(firings, by) {
  const found = new Map();
  for (const firing of firings) found.set(firing[by], [...(found.get(firing[by]) ?? []), firing]);
  return found;
}

function silence(own) {
  let longest = 0;
  for (const [index, { at }] of own.entries()) if (index > 0) longest = Math.max(longest, at - own[index - 1].at);
  return Math.round(longest / 100) / 10;
}

const show = (...firings) => firings.map((firing) => JSON.stringify(firing)).join(" and ");
