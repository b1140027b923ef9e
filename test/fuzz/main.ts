import { Command, InvalidArgumentError } from 'commander';
import { runFuzz } from './run.ts';

/** Health checks of load balancers time out above about this. */
const longestHealthMs = 250;
/** Memory that does not return. Growth up to this is normal after a busy hour. */
const mostGrownMb = 150;

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 600) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 600.');
}

const { minutes, seed } = new Command('npm run fuzz --')
  .description(
    'Attacks a server with untrusted clients that know the public key of an app, while honest users are connected.',
  )
  .option('--minutes <number>', 'how long to attack; each attack runs at least once', number, 1)
  .option('--seed <number>', 'repeats the random choices of an earlier run', Number, Date.now() % 2 ** 31)
  .addHelpText('after', '\nExit codes: 0 honest users lost nothing, 1 they did, 2 wrong usage.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse(process.argv.slice(2), { from: 'user' })
  .opts<{ minutes: number; seed: number }>();

const print = (text: string): void => void process.stdout.write(`${text}\n`);
setTimeout(() => process.exit(1), (minutes * 60 + 300) * 1000).unref();
print(`seed ${seed}`);
const outcome = await runFuzz({ seconds: minutes * 60, seed, log: print });
const { losses, slowestHealthMs, slowestDuring, memoryBeforeMb, memoryAfterMb } = outcome;
const faults = [
  ...losses,
  ...(slowestHealthMs > longestHealthMs
    ? [`the slowest health check took ${Math.round(slowestHealthMs)} ms during: ${slowestDuring}`]
    : []),
  ...(memoryAfterMb > memoryBeforeMb + mostGrownMb
    ? [`memory grew from ${memoryBeforeMb} to ${memoryAfterMb} MB`]
    : []),
];
print(
  `${outcome.attacks.length} attacks; memory ${memoryBeforeMb} MB before, ${memoryAfterMb} MB after them`,
);
for (const fault of faults) print(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
