import installRedis from '../support/redis/install.ts';
import { cleanUp } from './children.ts';
import { readOptions, type Options } from './options.ts';
import { formatLogs, formatOutcome, isTrue } from './report.ts';
import { runChaos } from './run.ts';

/** What starting, coming to rest and the checks may take beside the time asked for. */
const furtherSeconds = 300;

process.exitCode = await main(readOptions(process.argv.slice(2)));

async function main({ minutes, verbose, ...options }: Options): Promise<number> {
  const seconds = minutes * 60;
  if (options.nodes > 1) installRedis();
  guard(seconds + furtherSeconds);
  const startedAt = Date.now();
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`seed ${options.seed}, faults: ${options.faults.join(', ') || 'none'}`);
  const outcome = await runChaos({
    ...options,
    seconds,
    onStep: (step) => say(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${step}`),
    ...(verbose && { onLine: (node: string, line: string) => say(`${node} ${line}`) }),
  });
  say(`\n${formatOutcome(outcome)}`);
  if (isTrue(outcome)) return 0;
  process.stderr.write(formatLogs(outcome));
  return 1;
}

/** Whatever happens, no process outlives this one, and this one ends. */
function guard(limitSeconds: number): void {
  const giveUp = (why: string, code: number): void => {
    process.stderr.write(`\n${why}\n`);
    process.exit(code);
  };
  process.once('exit', cleanUp);
  process.once('SIGINT', () => giveUp('Interrupted.', 130));
  process.once('SIGTERM', () => giveUp('Terminated.', 143));
  setTimeout(() => giveUp(`Not finished after ${limitSeconds} s.`, 1), limitSeconds * 1000).unref();
}
