import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { basename, isAbsolute } from 'node:path';

/** What a reader needs to judge or repeat a run. */
export interface RunFacts {
  readonly at: string;
  readonly command: string;
  readonly commit: string | null;
  readonly node: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryMb: number;
    readonly kernel: string;
    /** The load average of the minute before the run. Above 0, other programs were running. */
    readonly loadBefore: number;
  };
  readonly placement: string;
  readonly rounds: number;
  readonly seconds: number;
  /** Each target with its version. */
  readonly targets: readonly { readonly name: string; readonly version: string }[];
}

/** Collects the facts about this run. */
export function runFacts(run: Pick<RunFacts, 'placement' | 'rounds' | 'seconds' | 'targets'>): RunFacts {
  const cores = cpus();
  return {
    at: new Date().toISOString(),
    command: commandOf(process.argv.slice(2)),
    commit: commit(),
    node: process.version,
    machine: {
      cpu: cores[0]?.model.trim() ?? 'unknown',
      cores: cores.length,
      memoryMb: Math.round(totalmem() / 2 ** 20),
      kernel: `${process.platform} ${release()}`,
      loadBefore: loadavg()[0] ?? Number.NaN,
    },
    ...run,
  };
}

/** The command as it was given, with absolute paths shortened to file names, because they mean nothing on other machines. */
export function commandOf(words: readonly string[]): string {
  return ['npm run bench --', ...words.map((word) => (isAbsolute(word) ? basename(word) : word))].join(' ');
}

function commit(): string | null {
  try {
    const git = (...words: string[]): string =>
      execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'bench') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? ' with changes' : ''}`;
  } catch {
    return null; // Not a repository, or git is not installed: the commit is optional.
  }
}
