import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Address } from './driver/address.ts';
import { faultOfTarget, targetNames } from './servers/choose.ts';
import { programIn } from './servers/emulator.ts';
import { faultOfSockudo } from './servers/sockudo.ts';

/** The options of the command line. */
export interface Options {
  /** Names of scenarios. */
  readonly scenarios: readonly string[];
  /** Names of targets, with their variants. */
  readonly targets: readonly string[];
  /** A server that is already running, and its process. */
  readonly external: (Address & { readonly pid: number | undefined }) | undefined;
  /** The folder of another built checkout, which is measured as `before`. */
  readonly before: string | undefined;
  /** The path of a Sockudo program; the target `sockudo` needs it. */
  readonly sockudo: string | undefined;
  /** Run only cases whose name contains this. */
  readonly only: string;
  /** How many cores the servers are pinned to. */
  readonly cores: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly minutes: number;
  readonly countsSystemCalls: boolean;
  /** The name of the result files, without an extension. */
  readonly keep: string;
  readonly profileDir: string | undefined;
  /** The results of an earlier run, to render their page again instead of running anything. */
  readonly render: string | undefined;
}

const usage = `npm run bench -- [options]

  --scenario NAMES    run only these scenarios, separated by commas (default: all except soak)
  --only TEXT         run only cases whose name contains TEXT
  --targets NAMES     ${targetNames.join(', ')}, separated by commas
                      (default: emulator,raw,soketi, and sockudo if --sockudo is given).
                      Append variants to a name, as in emulator,emulator+tls,raw+tls: +tls, +redis,
                      +store, +bare (no Dashboard), +page (with an open Dashboard page) or
                      +workersN (N threads)
  --sockudo PATH      the program for the target sockudo, which you have built
  --url URL           also measure a running server, such as http://127.0.0.1:6001, with
    --app-id, --app-key, --app-secret   its app, and
    --server-pid PID                    its process on this machine, to read CPU and memory
  --before DIR        also measure the program built in DIR, another checkout, as "before"
  --cores N           pin the servers to N cores (default 1); the driver gets the next core if there is one
  --rounds N          measured rounds for each case and target (default 3, at most 50)
  --seconds S         length of a round (default 3, at most 60)
  --quick             run one round of one second, to check that everything works, not to measure
  --minutes M         length of the soak (default 2), which runs only with this or --scenario soak
  --syscalls          add a round of each case under strace, to count system calls per operation
  --keep NAME         write bench/results/NAME.json and NAME.html (default: latest, which git ignores)
  --profile DIR       write CPU profiles of emulator and raw to DIR (slows them down slightly)
  --render FILE       run nothing; render the page of the results in FILE again
  --help              show this text

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

/** Reads the arguments. Returns a text to print instead of options for `--help` or an error. */
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
    throw new Error(`There is no scenario "${unknown}". Known scenarios: ${known.join(', ')}.`);
  }
  const targets = listOf(values.targets);
  const fault = targets.map((name) => faultOfTarget(name, values.sockudo)).find((text) => text !== undefined);
  if (fault !== undefined) throw new Error(fault);
  const sockudoFault = values.sockudo === undefined ? undefined : faultOfSockudo(values.sockudo);
  if (sockudoFault !== undefined) throw new Error(sockudoFault);
  if (!/^[\w.-]+$/.test(values.keep)) {
    throw new Error(`--keep must be a file name without folders, got "${values.keep}"`);
  }
  if (values.before !== undefined && !existsSync(programIn(values.before))) {
    throw new Error(`--before must be the folder of a built checkout, got "${values.before}"`);
  }
  const available = targetNames.filter((name) => name !== 'sockudo' || values.sockudo !== undefined);
  const whenAlone = values.url === undefined ? available : [];
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
    throw new Error(`--url must start with http:// or https://, got "${url}"`);
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
