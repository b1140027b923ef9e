import { describeKind, describeValue, type ConfigFault } from './config/fault.ts';
import { unknownName } from './config/validate.ts';
import type { EmulatorOptions } from './emulator-options.ts';

type Name = keyof EmulatorOptions;

/** How an option must be that no configuration file has. */
interface Rule {
  readonly isValid: (value: unknown) => boolean;
  readonly expected: string;
}

const mode: Rule = {
  isValid: (value) => value === 'real' || value === 'virtual',
  expected: 'one of real, virtual',
};

/** The rules of what the emulator has besides a configuration file; the rest is checked as the content of one. */
const rules = {
  clock: mode,
  liveness: mode,
  seed: {
    isValid: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32,
    expected: 'a whole number from 0 to 4294967295',
  },
  patienceMs: {
    isValid: (value) => Number.isFinite(value) && Number(value) >= 0,
    expected: 'milliseconds, 0 or more',
  },
  now: {
    isValid: (value) => typeof value === 'function',
    expected: 'a function that returns milliseconds since 1970',
  },
  log: {
    isValid: (value) => typeof value === 'object' && value !== null && 'info' in value,
    expected: 'a logger such as pino()',
  },
} as const satisfies Partial<Record<Name, Rule>>;

/** Every option, so that a slip of the pen is told from a name that is meant. */
const known: Readonly<Record<Name, true>> = {
  apps: true,
  clock: true,
  seed: true,
  liveness: true,
  host: true,
  port: true,
  path: true,
  tls: true,
  limits: true,
  webhooks: true,
  cacheTtlMs: true,
  activityTimeoutMs: true,
  pongTimeoutMs: true,
  maxBackpressureBytes: true,
  compression: true,
  dashboard: true,
  control: true,
  patienceMs: true,
  now: true,
  log: true,
};

/** Options whose types nobody has checked: what of them a configuration file could have, and what is wrong with the rest. */
export function sortOptions(options: unknown): {
  readonly content: Readonly<Record<string, unknown>>;
  readonly faults: readonly ConfigFault[];
} {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const message = `expected an object, got ${describeKind(options)}`;
    return { content: {}, faults: [{ path: 'options', message }] };
  }
  const content: Record<string, unknown> = {};
  const faults: ConfigFault[] = [];
  for (const [path, value] of Object.entries(options)) {
    const rule = Object.entries(rules).find(([name]) => name === path)?.[1];
    if (!Object.hasOwn(known, path)) {
      faults.push({ path, message: unknownName('key', path, Object.keys(known)) });
    } else if (rule === undefined) {
      content[path] = value;
    } else if (value !== undefined && !rule.isValid(value)) {
      faults.push({ path, message: `expected ${rule.expected}, got ${describeValue(value, [path])}` });
    }
  }
  return { content, faults };
}
