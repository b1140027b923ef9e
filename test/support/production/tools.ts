import type { Tool } from '../tools.ts';

const tool = (name: string, debianPackage: string, ...probe: readonly string[]): Tool => ({
  name,
  commands: [name, `/usr/sbin/${name}`],
  probe,
  debianPackage,
});

/** The tools that check and run the files of config/ for other programs. */
export const tools = {
  caddy: tool('caddy', 'caddy', 'version'),
  haproxy: tool('haproxy', 'haproxy', '-v'),
  nginx: tool('nginx', 'nginx-light', '-v'),
  prometheus: tool('prometheus', 'prometheus', '--version'),
  promtool: tool('promtool', 'prometheus', '--version'),
  strace: tool('strace', 'strace', '-V'),
  systemdAnalyze: tool('systemd-analyze', 'systemd', '--version'),
} as const;
