import { certificate } from './certificate.ts';
import { emulator } from './emulator.ts';
import { raw } from './raw.ts';
import { faultOfRedis } from './redis.ts';
import { faultOfSockudo, sockudo } from './sockudo.ts';
import { installSoketi, soketi } from './soketi.ts';
import type { Launch, TargetKind, Variant } from './target.ts';

/** The servers that the bench can start, by their names on the command line. */
export const targetNames = ['emulator', 'raw', 'soketi', 'sockudo'] as const;

const makers = { emulator, raw, soketi, sockudo };
const variants = ['tls', 'redis', 'store', 'bare', 'page'];
const workersPattern = /^workers([1-9]\d?)$/;

/**
 * Why a target such as `emulator+tls` cannot be used; undefined if it can. `sockudoPath` is the program for
 * the target `sockudo`.
 */
export function faultOfTarget(name: string, sockudoPath?: string): string | undefined {
  const [base = '', ...given] = name.split('+');
  if (!isKnown(base)) return `There is no target "${base}". Known targets: ${targetNames.join(', ')}.`;
  const unknown = given.find((variant) => !variants.includes(variant) && !workersPattern.test(variant));
  if (unknown !== undefined)
    return `There is no variant "${unknown}". Known variants: ${variants.join(', ')}, workersN (1 to 99).`;
  if (base === 'raw' && given.includes('redis')) return 'The target "raw" does not use Redis.';
  if (base === 'sockudo' && given.includes('redis')) return 'The target "sockudo" is measured without Redis.';
  if (base !== 'emulator' && given.includes('store')) return `The target "${base}" stores nothing on disk.`;
  if (base !== 'emulator' && (given.includes('bare') || given.includes('page'))) {
    return `The target "${base}" has no Dashboard.`;
  }
  if (base !== 'emulator' && workersIn(given) !== null)
    return `The target "${base}" has no setting for workers.`;
  if (base === 'sockudo') return faultOfSockudo(sockudoPath);
  return given.includes('redis') ? faultOfRedis() : undefined;
}

/** The target with this name. Installs soketi if necessary. */
export function chooseTarget(name: string, launch: Launch): TargetKind {
  const [base = '', ...given] = name.split('+');
  if (!isKnown(base)) throw new Error(`There is no target "${base}"`);
  if (base === 'soketi') installSoketi();
  const variant: Variant = {
    tls: given.includes('tls') ? certificate() : null,
    usesRedis: given.includes('redis'),
    usesStore: given.includes('store'),
    workers: workersIn(given),
    dashboard: given.includes('bare') ? 'off' : given.includes('page') ? 'watched' : 'closed',
  };
  return makers[base](name, launch, variant);
}

function workersIn(given: readonly string[]): number | null {
  const counts = given.flatMap((variant) => workersPattern.exec(variant)?.[1] ?? []);
  return counts.length === 0 ? null : Number(counts.at(-1));
}

function isKnown(name: string): name is keyof typeof makers {
  return Object.hasOwn(makers, name);
}
