/**
 * Every CI run tests the same sequences, other runs new ones. FC_SEED repeats a sequence, FC_RUNS tries more.
 */
const { CI, FC_RUNS, FC_SEED } = process.env;
export const seed = Number(FC_SEED ?? (CI === undefined ? Math.floor(Math.random() * 2 ** 31) : 20_261_101));

/** A suite's title with the seed that repeats it. */
export function seeded(title: string): string {
  return `${title} (FC_SEED=${seed})`;
}

/** How often a property is tried: `runs`, unless the environment sets another number. */
export function runs(count: number): { seed: number; numRuns: number } {
  return { seed, numRuns: FC_RUNS === undefined ? Math.ceil(count) : Number(FC_RUNS) };
}

/** How long a walk may take in real time: a busy machine is not a defect, and neither is a longer walk on request. */
export const patienceMs = FC_RUNS === undefined ? 300_000 : 600_000;
