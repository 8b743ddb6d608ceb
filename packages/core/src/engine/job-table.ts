const SMALLEST = 64;
const LAST_NUMBER = 0xffff_ffff;

/**
 * The unfinished jobs of one worker by their numbers, which grow by one a job and wrap within 32 bits; 0 is no job.
 *
 * An array whose index is the number's low bits: a number whose place is taken by a job that runs on is left out. A
 * `Map` would do, but for its garbage: it is laid out anew every few dozen insertions, and each old layout refers to
 * the next, so that once one of them is old to the collector, the jobs of all later ones are kept with it.
 */
export class JobTable<Job extends { readonly number: number }> {
  #slots: (Job | undefined)[] = new Array(SMALLEST).fill(undefined);
  #mask = SMALLEST - 1;
  #last: number;
  #size = 0;

  /** @param last - the number before the first. */
  constructor(last = 0) {
    this.#last = last;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns the number that the job was given. */
  add(job: Job): number {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    do {
      this.#last = this.#last === LAST_NUMBER ? 1 : this.#last + 1;
    } while (this.#slots[this.#last & this.#mask] !== undefined);
    this.#slots[this.#last & this.#mask] = job;
    this.#size++;
    return this.#last;
  }

  get(number: number): Job | undefined {
    const job = this.#slots[number & this.#mask];
    return job !== undefined && job.number === number ? job : undefined;
  }

  /** Puts a job in the place of the one that has its number. */
  replace(job: Job): void {
    this.#slots[job.number & this.#mask] = job;
  }

  /** Those in the table. */
  all(): Job[] {
    return this.#slots.filter((job) => job !== undefined);
  }

  /** Takes a job out that is in the table. */
  remove(number: number): void {
    this.#slots[number & this.#mask] = undefined;
    this.#size--;
  }

  /** Takes all jobs out, in the order they were added. */
  clear(): Job[] {
    const jobs = this.all();
    this.#slots.fill(undefined);
    this.#size = 0;
    // Signed distances, so that the order holds where numbers wrap.
    return jobs.sort((a, b) => (a.number - b.number) | 0);
  }

  #grow(): void {
    const jobs = this.#slots;
    this.#slots = new Array(jobs.length * 2).fill(undefined);
    this.#mask = this.#slots.length - 1;
    for (const job of jobs) if (job !== undefined) this.#slots[job.number & this.#mask] = job;
  }
}
