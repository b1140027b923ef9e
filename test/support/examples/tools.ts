import type { Tool } from '../tools.ts';

/** The tools that run the example suites of other languages. */
export const tools = {
  php: {
    name: 'PHP 8',
    commands: ['php'],
    probe: ['-r', 'exit(PHP_MAJOR_VERSION < 8 ? 1 : 0);'],
    debianPackage: 'php-cli',
  },
  // Another Python that comes first in PATH cannot import Debian's packages.
  python: {
    name: 'Python 3 with pytest',
    commands: ['python3', '/usr/bin/python3'],
    probe: ['-m', 'pytest', '--version'],
    debianPackage: 'python3-pytest',
  },
} as const satisfies Readonly<Record<string, Tool>>;
