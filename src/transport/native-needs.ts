/** What this process runs on, as far as the native library depends on it. */
export interface Machine {
  /** As `process.platform` and `process.arch` have them. */
  readonly platform: string;
  readonly arch: string;
  /** The version of Node, such as `24.11.0`, and of its interface for native code (`process.versions.modules`). */
  readonly node: string;
  readonly modules: string;
  /** The version of glibc; undefined: there is none, as on Alpine. Of no meaning but on Linux. */
  readonly glibc: string | undefined;
}

/** The versions of Node that are supported, by their interface for native code, and the glibc that their binary needs. */
const supported = [
  { node: 20, modules: '115', glibc: '2.27', systems: 'Debian 10, Ubuntu 18.04, RHEL 8' },
  { node: 22, modules: '127', glibc: '2.38', systems: 'Debian 13, Ubuntu 24.04, RHEL 10' },
  { node: 24, modules: '137', glibc: '2.38', systems: 'Debian 13, Ubuntu 24.04, RHEL 10' },
] as const;

/** The systems that there are binaries for. */
const systems = ['linux x64', 'linux arm64', 'darwin x64', 'darwin arm64', 'win32 x64'];

/** Where the table of all this is. */
const seeAlso = 'docs/installation.md lists the requirements';

/**
 * Why the native library cannot be loaded on this machine, as one sentence with what is needed and what to do; undefined:
 * the machine has what it needs, as far as this knows.
 */
export function unmetNeed(machine: Machine): string | undefined {
  const system = `${machine.platform} ${machine.arch}`;
  if (!systems.includes(system))
    return `there is no binary for ${system}; use ${listed(systems)}. ${seeAlso}`;
  const needed = supported.find(({ modules }) => modules === machine.modules);
  if (needed === undefined) {
    const versions = listed(supported.map(({ node }) => `Node ${node}`));
    return `Node ${machine.node} is not supported; use ${versions}. ${seeAlso}`;
  }
  if (machine.platform !== 'linux') return undefined;
  const { node, glibc, systems: having } = needed;
  if (machine.glibc === undefined) {
    return `this system has no glibc (Alpine has musl instead); use one with glibc ${glibc} or later (${having}). ${seeAlso}`;
  }
  if (isAtLeast(machine.glibc, glibc)) return undefined;
  const [oldest] = supported;
  const other = isAtLeast(machine.glibc, oldest.glibc) ? `, or use Node ${oldest.node} here` : '';
  return `this system has glibc ${machine.glibc}, and the binary for Node ${node} needs ${glibc} or later: use a newer system (${having})${other}. ${seeAlso}`;
}

/** What this process runs on. It takes some milliseconds. */
export function thisMachine(): Machine {
  const { platform, arch, versions } = process;
  return { platform, arch, node: versions.node, modules: versions.modules, glibc: glibcHere() };
}

function glibcHere(): string | undefined {
  const report: unknown = process.report.getReport();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the declared type of a report is `object`
  return (report as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime;
}

/** Compares versions of two numbers. */
function isAtLeast(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
