import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
  readonly link?: boolean;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Locked>;
};

/** The packages that a deployment installs, by their folder. */
const installed = Object.entries(packages).filter(([folder, { dev }]) => folder !== '' && dev !== true);

/** What npm runs while it installs a package. */
const installScripts = ['preinstall', 'install', 'postinstall'] as const;

/** Their binaries come as packages of their own for each platform; the scripts compile only where there is none. */
const withBinaries: readonly string[] = ['node_modules/lmdb', 'node_modules/msgpackr-extract'];

describe('the packages that the program runs with', () => {
  test('are named in the lock file', () => {
    expect(installed.map(([folder]) => folder)).toContain('node_modules/uWebSockets.js');
  });

  test('need no script to be installed, so that `npm ci --ignore-scripts` gives the same', () => {
    const running = installed.filter(([folder, { hasInstallScript, optional }]) => {
      // Of packages with binaries only those of this platform are there.
      if (optional === true && !existsSync(folder)) return false;
      const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
        scripts?: Record<string, string>;
      };
      const hasScript = installScripts.some((name) => manifest.scripts?.[name] !== undefined);
      return hasInstallScript === true || hasScript || existsSync(`${folder}/binding.gyp`);
    });
    expect(running.map(([folder]) => folder).filter((folder) => !withBinaries.includes(folder))).toEqual([]);
  });

  test('are each pinned by a checksum', () => {
    expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
  });
});
