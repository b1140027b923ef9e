import { parseArgs } from 'node:util';

/** What the command line asked for. */
export interface Options {
  /** Names of scenarios; empty means all. */
  readonly scenarios: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly jsonFile: string | undefined;
  readonly profileDir: string | undefined;
}

const usage = `npm run bench -- [options]

  --scenario NAME   only this one; repeat it or separate names by commas
  --rounds N        measured rounds of each case, after one warm-up (default 3, at most 50)
  --seconds S       length of a round (default 3, at most 60)
  --json FILE       also write all figures, with machine, versions, commit and command
  --profile DIR     leave a CPU profile of the server per scenario in DIR (slows it down a little)
  --help            this text

Scenarios:
`;

const accepted = {
  scenario: { type: 'string', multiple: true, default: [] as string[] },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '3' },
  json: { type: 'string' },
  profile: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the arguments. A string instead of options is a text to print: the help, or what is wrong. */
export function readOptions(args: readonly string[], known: readonly string[]): Options | string {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: accepted }));
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n`;
  }
  if (values.help) return usage + known.map((name) => `  ${name}\n`).join('');
  const scenarios = values.scenario.flatMap((names) => names.split(',')).filter((name) => name !== '');
  const unknown = scenarios.find((name) => !known.includes(name));
  if (unknown !== undefined) return `There is no scenario "${unknown}". Known are: ${known.join(', ')}.\n`;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50)
    return '--rounds must be a whole number, 1 to 50.\n';
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 60)
    return '--seconds must be a whole number, 1 to 60.\n';
  return { scenarios, rounds, seconds, jsonFile: values.json, profileDir: values.profile };
}
