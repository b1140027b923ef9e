/** The same walk on every CI run; elsewhere a new one each time. FC_SEED repeats a walk, FC_RUNS lengthens it. */
const { CI, FC_RUNS, FC_SEED } = process.env;
export const seed = Number(FC_SEED ?? (CI === undefined ? Math.floor(Math.random() * 2 ** 31) : 20_261_101));

/** A suite's title with the seed by which its walk can be repeated. */
export function seeded(title: string): string {
  return `${title} (FC_SEED=${seed})`;
}

/** How often a property is tried: `runs` unless the environment says otherwise. */
export function runs(count: number): { seed: number; numRuns: number } {
  return { seed, numRuns: FC_RUNS === undefined ? Math.ceil(count) : Number(FC_RUNS) };
}

/** How long a walk may take in real time: a busy machine is no defect, nor is a longer walk asked for. */
export const patienceMs = FC_RUNS === undefined ? 60_000 : 600_000;
