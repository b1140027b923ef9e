import { authenticateHead, refuseBody } from '../auth/request-auth.ts';
import type { WallTime } from '../ports/clock.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { noWitness, type Witness } from '../ports/witness.ts';
import { forbidden, isHttpError, notFound, type HttpError } from '../protocol/http-error.ts';
import { queryValue, type Query } from '../protocol/query.ts';
import type { ApiAnswer } from './api-answer.ts';
import type { LocalApp, LocalApps } from '../apps/local-app.ts';

/** What is needed to authenticate a request. */
export interface ApiRouteOptions {
  readonly apps: LocalApps;
  readonly wallTime: WallTime;
  readonly witness?: Witness;
}

/** A request before its body is read. */
export interface ApiHead {
  readonly appId: string;
  /** The channel, user, delivery or recovery in the path, unescaped; empty if the path contains none. */
  readonly name: string;
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly unprefixedPath: string | undefined;
  readonly rawQuery: string;
}

/** A complete request. */
export interface ApiRequest extends ApiHead {
  readonly body: Uint8Array;
}

/** Handles a complete request whose head was found to be signed. */
export type ApiAnswering = (request: ApiRequest) => MaybePromise<ApiAnswer>;

/** Refuses a request by its head, or returns the function that handles it. */
export type ApiUse = (head: ApiHead) => HttpError | ApiAnswering;

/** A use case of the HTTP API, called for authenticated requests. */
export type ApiUseCase = (app: LocalApp, request: ApiRequest, query: Query) => MaybePromise<ApiAnswer>;

const disabled = forbidden('Application disabled');

function unknownApp({ appId }: ApiHead): HttpError {
  return notFound(`App ${appId.slice(0, 100)} not found`);
}

/** Finds the app and checks the signature before the body is read, and checks the body before the use case is called. */
export function apiRoute({ apps, wallTime, witness = noWitness }: ApiRouteOptions, use: ApiUseCase): ApiUse {
  return (head) => {
    const app = apps.byId(head.appId);
    if (app === undefined) return unknownApp(head);
    const query = authenticateHead(app.config, head, wallTime.now());
    if (isHttpError(query)) return query;
    if (!app.config.isEnabled) return disabled;
    witness.keyUsed(app.config.id, queryValue(query, 'auth_key') ?? '');
    return (request) => {
      const refusal = refuseBody(request.body, query);
      if (refusal !== undefined) return refusal;
      // The app may have been removed or disabled while the body was received.
      if (apps.byId(head.appId) !== app) return unknownApp(head);
      return app.config.isEnabled ? use(app, request, query) : disabled;
    };
  };
}

/** The text of a body. */
export function bodyText(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}
