import { isHttpError, type HttpError } from '../protocol/http-error.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import { json, refusal, type IncomingRequest, type OutgoingResponse } from './http-message.ts';
import type { Route } from './http.ts';

type ApiUse = (request: IncomingRequest) => MaybePromise<{ readonly json: string } | HttpError>;

/** The use cases of the HTTP API, one for each route. */
export interface ApiUses {
  readonly events: ApiUse;
  readonly batchEvents: ApiUse;
  readonly channels: ApiUse;
  readonly channel: ApiUse;
  readonly users: ApiUse;
  readonly terminateConnections: ApiUse;
  readonly droppedWebhooks: ApiUse;
}

/** What the program says of itself. */
export interface SelfReport {
  /** Not ready while the program ends. */
  isReady(): boolean;
  /** Clients are served, but without what other nodes know, or no new ones are. */
  isDegraded(): boolean;
  /** Some numbers for a person who looks. */
  describe(): Record<string, unknown>;
  /** Prometheus text. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Every route of the program. */
export function createRoutes(api: ApiUses, self: SelfReport): readonly Route[] {
  return [
    { method: 'post', pattern: '/apps/:app/events', handle: (request) => answer(api.events(request)) },
    {
      method: 'post',
      pattern: '/apps/:app/batch_events',
      handle: (request) => answer(api.batchEvents(request)),
    },
    { method: 'get', pattern: '/apps/:app/channels', handle: (request) => answer(api.channels(request)) },
    {
      method: 'get',
      pattern: '/apps/:app/channels/:channel',
      handle: (request) => answer(api.channel(request)),
    },
    {
      method: 'get',
      pattern: '/apps/:app/channels/:channel/users',
      handle: (request) => answer(api.users(request)),
    },
    {
      method: 'post',
      pattern: '/apps/:app/users/:user/terminate_connections',
      handle: (request) => answer(api.terminateConnections(request)),
    },
    {
      method: 'get',
      pattern: '/apps/:app/webhooks/dropped',
      handle: (request) => answer(api.droppedWebhooks(request)),
    },
    { method: 'get', pattern: '/healthz', handle: () => health(self) },
    { method: 'get', pattern: '/livez', handle: () => json('{"status":"live"}') },
    {
      method: 'get',
      pattern: '/metrics',
      isMetrics: true,
      handle: async () => ({ status: 200, ...(await self.metrics()) }),
    },
  ];
}

function answer(result: ReturnType<ApiUse>): MaybePromise<OutgoingResponse> {
  return whenReady(result, (settled) => (isHttpError(settled) ? refusal(settled) : json(settled.json)));
}

function health(self: SelfReport): OutgoingResponse {
  const isReady = self.isReady();
  const status = isReady ? (self.isDegraded() ? 'degraded' : 'ready') : 'draining';
  return json(JSON.stringify({ status, ...self.describe() }), isReady ? 200 : 503);
}
