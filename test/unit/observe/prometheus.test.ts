import { describe, expect, test } from 'vitest';
import { createPrometheusMetrics } from '../../../src/observe/prometheus.ts';

async function read(metrics: ReturnType<typeof createPrometheusMetrics>): Promise<Map<string, number>> {
  const { body } = await metrics.render();
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

describe('the metrics', () => {
  test('hold each number that was counted, by its labels', async () => {
    const metrics = createPrometheusMetrics();
    metrics.connectionOpened('1');
    metrics.connectionOpened('1');
    metrics.connectionClosed('1');
    metrics.connectionOpened('2');
    metrics.slowClientClosed('1');
    metrics.frameTooLarge('1');
    metrics.messageReceived('1');
    metrics.messagePublished('1', 'api');
    metrics.messagePublished('1', 'client');
    metrics.httpRequest('/apps/:app/events', 200);
    metrics.suppressedByGrace('1', 'channel_vacated');
    metrics.deduplicated('1');
    metrics.webhookQueued('1', 'channel_occupied');
    metrics.webhookAttempt('1', 'main', 'success', 1500);
    metrics.webhookAttempt('1', 'main', 'timeout', 500);
    metrics.webhookDelivered('1', 'main', 20);
    metrics.webhookDropped('1', 'main', 'expired', 3);
    metrics.observeQueues(() => [
      { appId: '1', endpoint: 'main', events: 4, bytes: 400, oldestAgeMs: 1500, isFailing: true },
      { appId: '1', endpoint: 'idle', events: 0, bytes: 0, oldestAgeMs: 0, isFailing: false },
    ]);
    expect(Object.fromEntries(await read(metrics))).toEqual({
      'soketify_connections{app="1"}': 1,
      'soketify_connections{app="2"}': 1,
      'soketify_connections_opened_total{app="1"}': 2,
      'soketify_connections_opened_total{app="2"}': 1,
      'soketify_slow_clients_closed_total{app="1"}': 1,
      'soketify_frames_too_large_total{app="1"}': 1,
      'soketify_messages_received_total{app="1"}': 1,
      'soketify_messages_published_total{app="1",source="api"}': 1,
      'soketify_messages_published_total{app="1",source="client"}': 1,
      'soketify_http_requests_total{route="/apps/:app/events",status="200"}': 1,
      'soketify_webhook_suppressed_by_grace_total{app="1",event="channel_vacated"}': 1,
      'soketify_webhook_deduplicated_total{app="1"}': 1,
      'soketify_webhook_events_queued_total{app="1",event="channel_occupied"}': 1,
      'soketify_webhook_attempts_total{app="1",endpoint="main",result="success"}': 1,
      'soketify_webhook_attempts_total{app="1",endpoint="main",result="timeout"}': 1,
      'soketify_webhook_attempt_seconds_total{app="1",endpoint="main"}': 2,
      'soketify_webhook_events_delivered_total{app="1",endpoint="main"}': 20,
      'soketify_webhook_events_dropped_total{app="1",endpoint="main",reason="expired"}': 3,
      'soketify_webhook_queue_events{app="1",endpoint="main"}': 4,
      'soketify_webhook_queue_events{app="1",endpoint="idle"}': 0,
      'soketify_webhook_queue_bytes{app="1",endpoint="main"}': 400,
      'soketify_webhook_queue_bytes{app="1",endpoint="idle"}': 0,
      'soketify_webhook_queue_oldest_seconds{app="1",endpoint="main"}': 1.5,
      'soketify_webhook_queue_oldest_seconds{app="1",endpoint="idle"}': 0,
      'soketify_webhook_endpoint_failing{app="1",endpoint="main"}': 1,
      'soketify_webhook_endpoint_failing{app="1",endpoint="idle"}': 0,
    });
  });

  test('have a type and a help line each, used or not', async () => {
    const { contentType, body } = await createPrometheusMetrics().render();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const typed = body.match(/^# TYPE \S+ (counter|gauge)$/gm) ?? [];
    expect(typed).toHaveLength(18);
    expect(body.match(/^# HELP soketify_\w+ .+$/gm)).toHaveLength(typed.length);
  });

  test('say the same however often they are read', async () => {
    const metrics = createPrometheusMetrics();
    metrics.messageReceived('1');
    expect(await read(metrics)).toEqual(await read(metrics));
  });
});
