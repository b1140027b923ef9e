import installRedis from '../support/redis/install.ts';
import { cleanUp } from './children.ts';
import { readOptions, type Options } from './options.ts';
import { formatLogs, formatOutcome, isTrue } from './report.ts';
import { runChaos } from './run.ts';
import { runSingle } from './single/run.ts';

/** Extra time for starting, settling and checking. */
const furtherSeconds = 300;
/** The longest time for one kill and the start after it. */
const secondsPerKill = 5;

process.exitCode = await main(readOptions(process.argv.slice(2)));

async function main({ minutes, verbose, single, kills, scale, ...options }: Options): Promise<number> {
  const seconds = single ? kills * secondsPerKill * (1 + 20 * scale) : minutes * 60;
  if (options.nodes > 1 && !single) installRedis();
  guard(seconds + furtherSeconds);
  const startedAt = Date.now();
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const listeners = {
    onStep: (step: string) => print(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${step}`),
    ...(verbose && { onLine: (node: string, line: string) => print(`${node} ${line}`) }),
  };
  print(
    `seed ${options.seed}, ${single ? `${kills} kills` : `faults: ${options.faults.join(', ') || 'none'}`}`,
  );
  const { seed, clients, workers } = options;
  const outcome = single
    ? await runSingle({ seed, clients, workers, kills, scale, mayLimit: true, ...listeners })
    : await runChaos({ ...options, seconds, ...listeners });
  print(`\n${formatOutcome(outcome)}`);
  if (isTrue(outcome)) return 0;
  process.stderr.write(formatLogs(outcome));
  return 1;
}

/** No child process outlives this one, and this one always exits. */
function guard(limitSeconds: number): void {
  const giveUp = (why: string, code: number): void => {
    process.stderr.write(`\n${why}\n`);
    process.exit(code);
  };
  process.once('exit', cleanUp);
  // A second signal must not interrupt the cleanup.
  process.on('SIGINT', () => giveUp('Interrupted.', 130));
  process.on('SIGTERM', () => giveUp('Terminated.', 143));
  setTimeout(() => giveUp(`Not finished after ${limitSeconds} s.`, 1), limitSeconds * 1000).unref();
}
