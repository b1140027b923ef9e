import type { Metrics } from '../ports/metrics.ts';

/** Totals since the start, which only grow, and the current number of connections. */
export interface Totals {
  connections: number;
  published: number;
  received: number;
  /** Attempts with a status of 2xx. */
  delivered: number;
  /** All other attempts. */
  failed: number;
  /** Events that were dropped for an endpoint. */
  dropped: number;
  refused: number;
}

/** Totals at the start. */
export function noTotals(): Totals {
  return { connections: 0, published: 0, received: 0, delivered: 0, failed: 0, dropped: 0, refused: 0 };
}

/** Wraps metrics, and adds what they count to totals. */
export function countingMetrics(metrics: Metrics, totals: Totals): Metrics {
  return {
    connectionOpened(appId) {
      totals.connections += 1;
      metrics.connectionOpened(appId);
    },
    connectionClosed(appId) {
      totals.connections -= 1;
      metrics.connectionClosed(appId);
    },
    slowClientClosed: (appId) => metrics.slowClientClosed(appId),
    messageReceived(appId) {
      totals.received += 1;
      metrics.messageReceived(appId);
    },
    messagePublished(appId, source) {
      totals.published += 1;
      metrics.messagePublished(appId, source);
    },
    refused(appId, kind, reason) {
      totals.refused += 1;
      metrics.refused(appId, kind, reason);
    },
    httpRequest: (route, status) => metrics.httpRequest(route, status),
    suppressedByGrace: (appId, event) => metrics.suppressedByGrace(appId, event),
    deduplicated: (appId) => metrics.deduplicated(appId),
    webhookQueued: (appId, event) => metrics.webhookQueued(appId, event),
    webhookAttempt(appId, endpoint, result, elapsedMs) {
      if (result === 'success') totals.delivered += 1;
      else totals.failed += 1;
      metrics.webhookAttempt(appId, endpoint, result, elapsedMs);
    },
    webhookDelivered: (appId, endpoint, elapsedMs) => metrics.webhookDelivered(appId, endpoint, elapsedMs),
    webhookDropped(appId, endpoint, reason, events) {
      totals.dropped += events;
      metrics.webhookDropped(appId, endpoint, reason, events);
    },
    observeApps: (read) => metrics.observeApps(read),
    observeQueues: (read) => metrics.observeQueues(read),
    observeHealth: (read) => metrics.observeHealth(read),
    observeLoad: (read) => metrics.observeLoad(read),
  };
}
