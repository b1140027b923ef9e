import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Address } from './driver/address.ts';
import { faultOfTarget, targetNames } from './servers/choose.ts';
import { programIn } from './servers/emulator.ts';
import { faultOfSockudo } from './servers/sockudo.ts';

/** What the command line asked for. */
export interface Options {
  /** Names of scenarios; empty means all but the soak. */
  readonly scenarios: readonly string[];
  /** Names of targets, with their variants. */
  readonly targets: readonly string[];
  /** A server that runs already, and its process. */
  readonly external: (Address & { readonly pid: number | undefined }) | undefined;
  /** The folder of another checkout that was built, to be measured as `before`. */
  readonly before: string | undefined;
  /** The program of a Sockudo; there is no such target without it. */
  readonly sockudo: string | undefined;
  /** Only cases whose name contains this. */
  readonly only: string;
  /** How many cores the servers are pinned to. */
  readonly cores: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly minutes: number;
  readonly countsSystemCalls: boolean;
  /** The name that the results are kept under. */
  readonly keep: string;
  readonly profileDir: string | undefined;
  /** Results of an earlier run to make the page of, instead of a run. */
  readonly render: string | undefined;
}

const usage = `npm run bench -- [options]

  --scenario NAMES    only these, separated by commas (default: all but soak)
  --only TEXT         only cases whose name contains this
  --targets NAMES     ${targetNames.join(', ')}; with +tls, +redis, +store, +bare (no Dashboard),
                      +page (one page of it is open) or +workers2 (so many threads) behind a name for a variant: emulator,emulator+tls,raw+tls
                      (default: emulator,raw,soketi, and sockudo where --sockudo is given)
  --sockudo PATH      the program for the target sockudo, which its owner has built
  --url URL           also a server that runs already, such as http://127.0.0.1:6001, with
    --app-id, --app-key, --app-secret   its app, and
    --server-pid PID                    its process, when that is on this machine, for CPU and memory
  --before DIR        also the program as it was built in DIR, another checkout, as "before"
  --cores N          pin the servers to so many cores (default 1); the driver has one of its own if one is left
  --rounds N          measured rounds of each case and target (default 3, at most 50)
  --seconds S         length of a round (default 3, at most 60)
  --quick             one round of one second: to see that all works, not to measure
  --minutes M         length of the soak, which is left out unless this or --scenario soak is given (default 2)
  --syscalls          one more round of each case under strace, to count system calls per operation
  --keep NAME         write bench/results/NAME.json and NAME.html (default: latest, which git ignores)
  --profile DIR       leave CPU profiles of emulator and raw in DIR (slows them down a little)
  --render FILE       no run: make the page of the results in FILE anew
  --help              this text

Scenarios:
`;

const accepted = {
  scenario: { type: 'string', multiple: true, default: [] as string[] },
  only: { type: 'string', default: '' },
  targets: { type: 'string', multiple: true, default: [] as string[] },
  url: { type: 'string' },
  'app-id': { type: 'string', default: '1' },
  'app-key': { type: 'string', default: 'app-key' },
  'app-secret': { type: 'string', default: 'app-secret' },
  'server-pid': { type: 'string' },
  before: { type: 'string' },
  sockudo: { type: 'string' },
  cores: { type: 'string', default: '1' },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '3' },
  quick: { type: 'boolean', default: false },
  minutes: { type: 'string' },
  syscalls: { type: 'boolean', default: false },
  keep: { type: 'string', default: 'latest' },
  profile: { type: 'string' },
  render: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parse>;

/** Reads the arguments. A string instead of options is a text to print: the help, or what is wrong. */
export function readOptions(args: readonly string[], known: readonly string[]): Options | string {
  try {
    const values = parse(args);
    if (values.help) return usage + known.map((name) => `  ${name}\n`).join('');
    return optionsOf(values, known);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n`;
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: accepted }).values;
}

function optionsOf(values: Values, known: readonly string[]): Options {
  const named = listOf(values.scenario);
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no scenario "${unknown}". Known are: ${known.join(', ')}.`);
  }
  const targets = listOf(values.targets);
  const fault = targets.map((name) => faultOfTarget(name, values.sockudo)).find((text) => text !== undefined);
  if (fault !== undefined) throw new Error(fault);
  const sockudoFault = values.sockudo === undefined ? undefined : faultOfSockudo(values.sockudo);
  if (sockudoFault !== undefined) throw new Error(sockudoFault);
  if (!/^[\w.-]+$/.test(values.keep)) {
    throw new Error(`--keep is a file name without folders, got "${values.keep}"`);
  }
  if (values.before !== undefined && !existsSync(programIn(values.before))) {
    throw new Error(`--before is the folder of a checkout that was built, got "${values.before}"`);
  }
  const offered = targetNames.filter((name) => name !== 'sockudo' || values.sockudo !== undefined);
  const whenAlone = values.url === undefined ? offered : [];
  const all = known.filter((name) => name !== 'soak' || values.minutes !== undefined);
  return {
    scenarios: named.length === 0 ? all : named,
    targets: targets.length === 0 ? whenAlone : targets,
    external: values.url === undefined ? undefined : externalOf(values.url, values),
    before: values.before,
    sockudo: values.sockudo,
    only: values.only,
    cores: wholeNumber('--cores', values.cores, availableParallelism()),
    rounds: values.quick ? 1 : wholeNumber('--rounds', values.rounds, 50),
    seconds: values.quick ? 1 : wholeNumber('--seconds', values.seconds, 60),
    minutes: wholeNumber('--minutes', values.minutes ?? '2', 24 * 60),
    countsSystemCalls: values.syscalls,
    keep: values.keep,
    profileDir: values.profile,
    render: values.render,
  };
}

function listOf(values: readonly string[]): string[] {
  return values.flatMap((names) => names.split(',')).filter((name) => name !== '');
}

function externalOf(url: string, values: Values): NonNullable<Options['external']> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new Error(`--url begins with http:// or https://, got "${url}"`);
  }
  const isTls = protocol === 'https:';
  return {
    host: hostname,
    port: Number(port) || (isTls ? 443 : 80),
    isTls,
    appId: values['app-id'],
    key: values['app-key'],
    secret: values['app-secret'],
    pid:
      values['server-pid'] === undefined
        ? undefined
        : wholeNumber('--server-pid', values['server-pid'], 2 ** 22),
  };
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${option} must be a whole number, 1 to ${max}, got "${text}"`);
}
