import { spawnSync } from 'node:child_process';
import { readFile, readdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { app } from '../support/e2e/config.ts';
import { startServer } from '../support/e2e/server.ts';
import { headingsOf } from '../support/production/headings.ts';
import { startPrometheus, type Prometheus } from '../support/production/prometheus.ts';
import {
  groupingOf,
  readDashboard,
  readExpressions,
  readRules,
  selectorsOf,
} from '../support/production/promql.ts';
import { sample, temporaryFolder } from '../support/production/proxy.ts';
import { tools } from '../support/production/tools.ts';
import { startRedis } from '../support/redis/server.ts';
import { requireTool } from '../support/tools.ts';

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

function promtool(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(requireTool(tools.promtool), args, { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

describe('the alerts', () => {
  test('are rules that Prometheus accepts, and so is its configuration', () => {
    expect(promtool('check', 'rules', pathOf('config/monitoring/alerts.yml'))).toMatchObject({ status: 0 });
    expect(promtool('check', 'config', pathOf('config/monitoring/prometheus.yml'))).toMatchObject({
      status: 0,
    });
  });

  test('fire when they should, and only then', async () => {
    const cases = 'test/support/production/alert-cases.yml';
    expect(promtool('test', 'rules', pathOf(cases))).toMatchObject({ status: 0 });
    const text = await readFile(pathOf(cases), 'utf8');
    for (const { alert } of await readRules()) expect(text).toContain(`alertname="${alert}"`);
  });

  test('each state what has happened, what to do, and which section explains more', async () => {
    for (const { alert, labels, annotations } of await readRules()) {
      expect(['warning', 'critical'], alert).toContain(labels.severity);
      expect(annotations.summary, alert).toMatch(/\.$/);
      expect(annotations.description, alert).toMatch(/\.$/);
      const [file = '', heading = ''] = annotations.documentation.split('#');
      expect(await headingsOf(pathOf(file)), alert).toContain(heading);
    }
  });
});

test('each metric, label and value in alerts and dashboard exists on running servers', async () => {
  const prometheus = await startPrometheus(await startServers());
  // Prometheus scrapes everything at once, every second, so one metric of each server shows that all are
  // there.
  await expect.poll(() => countOf(prometheus, 'soketify_build_info')).toBe(2);
  const missing: string[] = [];
  for (const expression of await readExpressions()) {
    await prometheus.query(expression.text);
    const labels = new Set<string>();
    for (const selector of selectorsOf(expression)) {
      const found = await prometheus.query(selector);
      for (const label of found.flatMap(({ metric }) => Object.keys(metric))) labels.add(label);
      if (found.length === 0 && !(await isOfNewerKernels(selector)))
        missing.push(`${expression.of}: ${selector}`);
    }
    const grouping = groupingOf(expression);
    for (const label of grouping ?? []) if (!labels.has(label)) missing.push(`${expression.of}: by ${label}`);
    for (const label of expression.named) {
      if (!labels.has(label) || grouping?.includes(label) === false)
        missing.push(`${expression.of}: names ${label}`);
    }
  }
  expect(missing).toEqual([]);
});

describe('the dashboard', () => {
  test('has panels with a title and a description, and none overlaps another', async () => {
    const { panels } = await readDashboard();
    const cells = new Map<string, string>();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, type, description, gridPos, targets = [] } of panels) {
      expect(title).not.toBe('');
      if (type !== 'row') expect(description, title).toMatch(/\.$/);
      if (type !== 'row') expect(targets.length, title).toBeGreaterThan(0);
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.get(`${x} ${y}`), `${title} lies over another panel`).toBeUndefined();
          cells.set(`${x} ${y}`, title);
        }
      }
    }
  });

  test('uses the chosen Prometheus, and only variables that it has', async () => {
    const { panels, templating } = await readDashboard();
    const variables = templating.list.map(({ name }) => name);
    for (const { expr, datasource } of panels.flatMap(({ targets = [] }) => targets)) {
      expect(datasource.uid).toBe('${datasource}');
      for (const [, name] of expr.matchAll(/\$(\w+)/g)) {
        expect([...variables, '__rate_interval', '__range']).toContain(name);
      }
    }
  });
});

describe('the compose files', () => {
  test.each(['compose.yaml', 'compose.trial.yaml'])('%s names files that exist', async (name) => {
    const { services = {}, include = [] } = parse(await sample(`monitoring/${name}`)) as Compose;
    const mounted = Object.values(services)
      .flatMap(({ volumes }) => volumes)
      .flatMap((volume) => (volume.startsWith('./') ? [volume.split(':')[0] ?? ''] : []));
    const files = [...mounted, ...include];
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) await stat(pathOf(`config/monitoring/${file}`));
  });

  test('everything beside them is used', async () => {
    const text = (await sample('monitoring/compose.yaml')) + (await sample('monitoring/compose.trial.yaml'));
    const files = await readdir(pathOf('config/monitoring'), { recursive: true });
    const unused = files.filter((file) => file.includes('.') && !text.includes(file));
    expect(unused).toEqual([]);
  });
});

interface Compose {
  readonly services?: Readonly<Record<string, { readonly volumes: readonly string[] }>>;
  readonly include?: readonly string[];
}

/**
 * Two servers that together have all metrics: one with a store, worker threads and limits, one with Redis.
 */
async function startServers(): Promise<string[]> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const apps = [
    {
      ...app,
      limits: { connections: 10 },
      webhooks: [{ id: 'main', url: 'http://127.0.0.1:9/' }],
    },
  ];
  const servers = [
    await startServer({ apps, store: { path: await temporaryFolder() } }, { env: { SOKETIFY_WORKERS: '2' } }),
    await startServer({ apps, redis: { url: redis.url } }),
  ];
  for (const server of servers) onTestFinished(() => server.stop());
  return servers.map(({ port }) => `127.0.0.1:${port}`);
}

async function countOf(prometheus: Prometheus, selector: string): Promise<number> {
  return (await prometheus.query(selector)).length;
}

/** Linux reports the number of open files since 6.2. */
async function isOfNewerKernels(selector: string): Promise<boolean> {
  return selector.startsWith('process_open_fds') && (await stat('/proc/self/fd')).size === 0;
}
