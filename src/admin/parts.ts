import type { ClientConnections } from '../connections/client-connections.ts';
import type { LocalApp, LocalApps } from '../apps/local-app.ts';
import type { Questions } from '../http-api/list-channels.ts';
import { lettersUnavailable, type Letters } from '../http-api/dead-letter-queries.ts';
import type { ApiAnswer } from '../http-api/api-answer.ts';
import type { Fanout } from '../ports/fanout.ts';
import { OperationError } from '../operations/operation-error.ts';
import { parameterOf, type Question } from '../operations/operation.ts';
import { isHttpError, type HttpError } from '../protocol/http-error.ts';

/** What an operation needs to find its app. */
export interface HasApps {
  readonly apps: LocalApps;
}

/** What the operations on channels and connections need. */
export interface ChannelParts extends HasApps, Questions {
  /** Whether event data and webhook bodies may be shown. */
  readonly showsPayloads: boolean;
  readonly connections: ClientConnections;
  readonly fanout: Pick<Fanout, 'terminate'>;
}

/** What the operations on dead letters need. */
export interface LetterParts extends HasApps {
  /** Whether event data may be shown. */
  readonly showsPayloads: boolean;
  readonly letters: Letters;
}

/** The app in the path. Throws an error that lists the known apps if it does not exist. */
export function appOf({ apps }: HasApps, question: Question): LocalApp {
  const id = parameterOf(question, 'app');
  const app = apps.byId(id);
  if (app !== undefined) return app;
  throw unknownApp(
    id,
    Array.from(apps, ({ config }) => config.id),
  );
}

/** The error for an unknown app. */
export function unknownApp(id: string, known: readonly string[]): OperationError {
  return new OperationError(
    404,
    'ERR_APP_UNKNOWN',
    `there is no app '${id}'; there are: ${known.join(', ')}`,
  );
}

/** Throws the error for facts that only a node that sends webhooks knows. */
export function refuseElsewhere(): never {
  throw new OperationError(
    503,
    'ERR_ELSEWHERE',
    'this node does not know, because other nodes send the webhooks at the moment. Send the request to a node whose /healthz contains "dispatching":true',
  );
}

/** Converts an answer of the HTTP API to that of an operation. Throws if it is a refusal. */
export function toOperationAnswer(answer: ApiAnswer): unknown {
  if (answer === lettersUnavailable) throw new OperationError(503, 'ERR_ELSEWHERE', answer.text);
  if (isHttpError(answer)) throw toOperationError(answer);
  return JSON.parse(answer.json);
}

/** Converts a refusal of the HTTP API to an error of an operation. */
export function toOperationError({ status, text }: HttpError): OperationError {
  return new OperationError(status, codes.get(status) ?? 'ERR_REFUSED', text);
}

const codes: ReadonlyMap<number, string> = new Map([
  [400, 'ERR_ARGUMENT_INVALID'],
  [404, 'ERR_UNKNOWN'],
  [409, 'ERR_CONFLICT'],
  [413, 'ERR_TOO_LARGE'],
  [429, 'ERR_TOO_MANY'],
  [503, 'ERR_UNAVAILABLE'],
]);
