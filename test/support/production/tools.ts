import type { Tool } from '../tools.ts';

const tool = (name: string, debianPackage: string, ...probe: readonly string[]): Tool => ({
  name,
  commands: [name, `/usr/sbin/${name}`],
  probe,
  debianPackage,
});

/** What checks and runs the files of config/ that are not for this program. */
export const tools = {
  caddy: tool('caddy', 'caddy', 'version'),
  haproxy: tool('haproxy', 'haproxy', '-v'),
  nginx: tool('nginx', 'nginx-light', '-v'),
  prometheus: tool('prometheus', 'prometheus', '--version'),
  promtool: tool('promtool', 'prometheus', '--version'),
  strace: tool('strace', 'strace', '-V'),
  systemdAnalyze: tool('systemd-analyze', 'systemd', '--version'),
} as const;
