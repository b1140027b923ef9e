import { Command, InvalidArgumentError } from 'commander';
import { runFuzz } from './run.ts';

/** Health checks of load balancers begin to give up above this. */
const longestHealthMs = 250;
/** Memory returns: so much more than before is what any busy hour leaves behind. */
const mostGrownMb = 150;

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 600) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 600.');
}

const { minutes, seed } = new Command('npm run fuzz --')
  .description('Attacks a server as strangers who hold the public key of an app, with honest users beside.')
  .option('--minutes <number>', 'how long; each attack is made at least once', number, 1)
  .option('--seed <number>', 'repeats what an earlier run drew', Number, Date.now() % 2 ** 31)
  .addHelpText('after', '\nExit codes: 0 nobody honest lost anything, 1 somebody did, 2 wrong usage.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse(process.argv.slice(2), { from: 'user' })
  .opts<{ minutes: number; seed: number }>();

const say = (text: string): void => void process.stdout.write(`${text}\n`);
setTimeout(() => process.exit(1), (minutes * 60 + 300) * 1000).unref();
say(`seed ${seed}`);
const outcome = await runFuzz({ seconds: minutes * 60, seed, say });
const { losses, slowestHealthMs, slowestDuring, memoryBeforeMb, memoryAfterMb } = outcome;
const faults = [
  ...losses,
  ...(slowestHealthMs > longestHealthMs
    ? [`a health check waited ${Math.round(slowestHealthMs)} ms during: ${slowestDuring}`]
    : []),
  ...(memoryAfterMb > memoryBeforeMb + mostGrownMb
    ? [`memory grew from ${memoryBeforeMb} to ${memoryAfterMb} MB`]
    : []),
];
say(`${outcome.attacks.length} attacks; memory ${memoryBeforeMb} MB before, ${memoryAfterMb} MB after them`);
for (const fault of faults) say(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
