import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createPrometheusMetrics } from '../../../src/observe/prometheus.ts';
import { refusalReasons } from '../../../src/protocol/refusals.ts';
import { dropReasons } from '../../../src/webhooks/delivery-facts.ts';

type Reading = ReadonlyMap<string, number>;

async function read(metrics: ReturnType<typeof createPrometheusMetrics>): Promise<Reading> {
  const { body } = await metrics.render();
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** The metrics that are not 0, without those of the process itself. */
function counted(reading: Reading): Record<string, number> {
  const isOurs = (name: string): boolean => !/^(process|nodejs|soketify_build_info)/.test(name);
  return Object.fromEntries([...reading].filter(([name, value]) => isOurs(name) && value !== 0));
}

const app = { id: '1', endpoints: ['main'], occupiedChannels: 0, members: 0 };

describe('the metrics', () => {
  test('contain each counted number by its labels', async () => {
    const metrics = createPrometheusMetrics();
    metrics.connectionOpened('1');
    metrics.connectionOpened('1');
    metrics.connectionClosed('1');
    metrics.connectionOpened('2');
    metrics.slowClientClosed('1');
    metrics.messageReceived('1');
    metrics.messagePublished('1', 'api');
    metrics.messagePublished('1', 'client');
    metrics.refused('1', 'subscription', 'wrong_signature');
    metrics.httpRequest('/apps/:app/events', 200);
    metrics.suppressedByGrace('1', 'channel_vacated');
    metrics.deduplicated('1');
    metrics.webhookQueued('1', 'channel_occupied');
    metrics.webhookAttempt('1', 'main', 'success', 1500);
    metrics.webhookAttempt('1', 'main', 'timeout', 500);
    metrics.webhookDelivered('1', 'main', [400_000, 500_000]);
    metrics.webhookDropped('1', 'main', 'expired', 3);
    metrics.observeApps(() => [{ ...app, occupiedChannels: 7, members: 5 }]);
    metrics.observeQueues(() => [
      { appId: '1', endpoint: 'main', events: 4, bytes: 400, oldestAgeMs: 1500, isFailing: true },
      { appId: '1', endpoint: 'idle', events: 0, bytes: 0, oldestAgeMs: 0, isFailing: false },
    ]);
    const duration = 'soketify_webhook_attempt_duration_seconds';
    const acknowledgement = 'soketify_webhook_acknowledgement_seconds';
    expect(counted(await read(metrics))).toEqual({
      'soketify_connections{app="1"}': 1,
      'soketify_connections{app="2"}': 1,
      'soketify_connections_opened_total{app="1"}': 2,
      'soketify_connections_opened_total{app="2"}': 1,
      'soketify_slow_clients_closed_total{app="1"}': 1,
      'soketify_messages_received_total{app="1"}': 1,
      'soketify_messages_published_total{app="1",source="api"}': 1,
      'soketify_messages_published_total{app="1",source="client"}': 1,
      'soketify_refusals_total{app="1",kind="subscription",reason="wrong_signature"}': 1,
      'soketify_http_requests_total{route="/apps/:app/events",status="200"}': 1,
      'soketify_webhook_suppressed_by_grace_total{app="1",event="channel_vacated"}': 1,
      'soketify_webhook_deduplicated_total{app="1"}': 1,
      'soketify_webhook_events_queued_total{app="1",event="channel_occupied"}': 1,
      'soketify_webhook_attempts_total{app="1",endpoint="main",result="success"}': 1,
      'soketify_webhook_attempts_total{app="1",endpoint="main",result="timeout"}': 1,
      'soketify_webhook_events_delivered_total{app="1",endpoint="main"}': 2,
      'soketify_webhook_events_dropped_total{app="1",endpoint="main",reason="expired"}': 3,
      [`${duration}_bucket{app="1",endpoint="main",le="0.5"}`]: 1,
      [`${duration}_bucket{app="1",endpoint="main",le="1"}`]: 1,
      [`${duration}_bucket{app="1",endpoint="main",le="2.5"}`]: 2,
      [`${duration}_bucket{app="1",endpoint="main",le="5"}`]: 2,
      [`${duration}_bucket{app="1",endpoint="main",le="10"}`]: 2,
      [`${duration}_bucket{app="1",endpoint="main",le="+Inf"}`]: 2,
      [`${duration}_sum{app="1",endpoint="main"}`]: 2,
      [`${duration}_count{app="1",endpoint="main"}`]: 2,
      [`${acknowledgement}_bucket{app="1",endpoint="main",le="+Inf"}`]: 2,
      [`${acknowledgement}_sum{app="1",endpoint="main"}`]: 900,
      [`${acknowledgement}_count{app="1",endpoint="main"}`]: 2,
      'soketify_occupied_channels{app="1"}': 7,
      'soketify_members{app="1"}': 5,
      'soketify_webhook_queue_events{app="1",endpoint="main"}': 4,
      'soketify_webhook_queue_bytes{app="1",endpoint="main"}': 400,
      'soketify_webhook_queue_oldest_seconds{app="1",endpoint="main"}': 1.5,
      'soketify_webhook_endpoint_failing{app="1",endpoint="main"}': 1,
    });
  });

  test('of an acknowledgement measure the time since the event', async () => {
    const metrics = createPrometheusMetrics();
    metrics.observeApps(() => [app]);
    metrics.webhookDelivered('1', 'main', [80, 400_000]);
    const reading = await read(metrics);
    const bucket = (le: string): number | undefined =>
      reading.get(`soketify_webhook_acknowledgement_seconds_bucket{app="1",endpoint="main",le="${le}"}`);
    expect(['0.05', '0.1', '300', '+Inf'].map(bucket)).toEqual([0, 1, 1, 2]);
  });

  test('exist with 0 for each app, endpoint and reason before anything was counted', async () => {
    const metrics = createPrometheusMetrics();
    const apps = [app];
    metrics.observeApps(() => apps);
    metrics.observeRoutes(['/livez']);
    const before = await read(metrics);
    expect(counted(before)).toEqual({});
    for (const [kind, reasons] of Object.entries(refusalReasons)) {
      for (const reason of reasons)
        expect(before.get(`soketify_refusals_total{app="1",kind="${kind}",reason="${reason}"}`)).toBe(0);
    }
    for (const name of [
      'soketify_connections{app="1"}',
      'soketify_messages_published_total{app="1",source="client"}',
      'soketify_refusals_total{app="",kind="connection",reason="unknown_key"}',
      'soketify_http_requests_total{route="/livez",status="200"}',
      'soketify_webhook_attempts_total{app="1",endpoint="main",result="unreachable"}',
      'soketify_webhook_events_dropped_total{app="1",endpoint="main",reason="overflow"}',
      'soketify_webhook_attempt_duration_seconds_count{app="1",endpoint="main"}',
      'soketify_webhook_queue_events{app="1",endpoint="main"}',
    ]) {
      expect(before.get(name), name).toBe(0);
    }
    apps.push({ ...app, id: '2', endpoints: ['late'] });
    const after = await read(metrics);
    expect(after.get('soketify_webhook_events_delivered_total{app="2",endpoint="late"}')).toBe(0);
    expect(after.get('soketify_members{app="2"}')).toBe(0);
  });

  test('describe the version and the process', async () => {
    const reading = await read(createPrometheusMetrics());
    const { version } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(reading.get(`soketify_build_info{version="${version}",node="${process.version}"}`)).toBe(1);
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'nodejs_heap_size_used_bytes',
    ]) {
      expect(reading.get(name), name).toBeGreaterThan(0);
    }
    expect(reading.get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThanOrEqual(0);
  });

  test('have a type and a help line each, used or not', async () => {
    const { contentType, body } = await createPrometheusMetrics().render();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const typed = body.match(/^# TYPE \S+ (counter|gauge|histogram)$/gm) ?? [];
    expect(typed.length).toBeGreaterThan(30);
    expect(body.match(/^# HELP \w+ .+$/gm)).toHaveLength(typed.length);
  });

  test('show whether clients are accepted, and how many attempts are in progress or wait', async () => {
    const metrics = createPrometheusMetrics();
    metrics.observeLoad(() => ({ isAccepting: false, attempts: 12, waitingEndpoints: 3 }));
    const { body } = await metrics.render();
    expect(body).toContain('soketify_accepting 0');
    expect(body).toContain('soketify_webhook_attempts_under_way 12');
    expect(body).toContain('soketify_webhook_endpoints_waiting 3');
  });

  test('that are not counted stay the same, however often they are read', async () => {
    const metrics = createPrometheusMetrics();
    metrics.messageReceived('1');
    expect(counted(await read(metrics))).toEqual(counted(await read(metrics)));
  });

  test('are the sums over all threads', async () => {
    const [one, two, metrics] = [
      createPrometheusMetrics(),
      createPrometheusMetrics(),
      createPrometheusMetrics(),
    ];
    one.connectionOpened('1');
    for (const worker of [one, two]) worker.messagePublished('1', 'api');
    metrics.messagePublished('1', 'api');
    metrics.observeApps(() => [app]);
    metrics.observeWorkers(async () =>
      [one, two].map((worker) => ({ counted: worker.counted(), busyMs: 1500, heapTotal: 0, heapUsed: 0 })),
    );
    const { body } = await metrics.render();
    expect(body).toContain('soketify_messages_published_total{app="1",source="api"} 3');
    expect(body).toContain('soketify_connections{app="1"} 1');
    expect(body).toContain('soketify_worker_connections{worker="2"} 0');
    expect(body).toContain('soketify_worker_busy_seconds_total{worker="1"} 1.5');
  });

  test('match the documentation in names, types and labels', async () => {
    const metrics = createPrometheusMetrics();
    metrics.observeApps(() => [{ ...app, connectionLimit: 100 }]);
    metrics.observeRoutes(['/livez']);
    metrics.observeHealth(() => ({
      isWhole: true,
      isFull: false,
      isDispatching: true,
      partitions: 21,
      partitionCount: 64,
      keepsLetters: true,
    }));
    metrics.observeLoad(() => ({
      isAccepting: true,
      attempts: 0,
      waitingEndpoints: 0,
      connectionLimit: 100,
      isStoreWritten: true,
    }));
    metrics.observeWorkers(async () => [{ counted: {}, busyMs: 0, heapTotal: 0, heapUsed: 0 }]);
    const { body } = await metrics.render();
    const rendered = [...body.matchAll(/^# TYPE (\w+) (\w+)\n(?:\w+(?:\{(.*)\})? \S+)?/gm)].map(
      ([, name, type, labels = '']) => [name, type, namesOf(labels)],
    );
    const text = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\|/gm)].map(
      ([, name, type, labels = '']) => [
        name,
        type,
        [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).join(),
      ],
    );
    expect(new Set(listed.map(String))).toEqual(new Set(rendered.map(String)));
    expect(listed).toHaveLength(rendered.length);
  });

  test.each([
    [true, 1],
    [false, 0],
    [undefined, undefined],
  ])('of a store that can be written (%j) show %j', async (isStoreWritten, value) => {
    const metrics = createPrometheusMetrics();
    metrics.observeLoad(() => ({ isAccepting: true, attempts: 0, waitingEndpoints: 0, isStoreWritten }));
    expect((await read(metrics)).get('soketify_store_up')).toBe(value);
  });

  test('of a limit of connections exist where there is one', async () => {
    const metrics = createPrometheusMetrics();
    metrics.observeApps(() => [
      { ...app, connectionLimit: 100 },
      { ...app, id: '2' },
    ]);
    metrics.observeLoad(() => ({ isAccepting: true, attempts: 0, waitingEndpoints: 0 }));
    const reading = await read(metrics);
    expect(reading.get('soketify_app_connections_limit{app="1"}')).toBe(100);
    expect(reading.has('soketify_app_connections_limit{app="2"}')).toBe(false);
    expect(reading.has('soketify_connections_limit')).toBe(false);
  });

  test('have the reasons in the documentation', () => {
    const text = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const named = (row: string | undefined): string[] =>
      [...(row ?? '').matchAll(/`(\w+)`/g)].flatMap(([, word]) => word ?? []);
    for (const [kind, reasons] of Object.entries(refusalReasons)) {
      const [, row] = new RegExp(`^\\| \`${kind}\` +\\|(.*)\\|$`, 'm').exec(text) ?? [];
      expect(named(row)).toEqual(reasons);
    }
    const [, row] =
      /^\| `soketify_webhook_events_dropped_total` .*\| (dropped webhook events.*)\|$/m.exec(text) ?? [];
    expect(named(row)).toEqual(dropReasons);
  });
});

/** The names of labels, without the extra one of histograms. */
function namesOf(labels: string): string {
  const names = [...labels.matchAll(/(\w+)="/g)].map(([, name]) => name);
  return names.filter((name) => name !== 'le').join();
}
