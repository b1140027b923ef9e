import type { ClientConnections } from '../app/client-connections.ts';
import type { LocalApp, LocalApps } from '../app/local-app.ts';
import type { Questions } from '../app/list-channels.ts';
import { lettersUnavailable, type Letters } from '../app/dead-letter-queries.ts';
import type { ApiAnswer } from '../app/api-answer.ts';
import type { Fanout } from '../ports/fanout.ts';
import { OperationError } from '../operations/operation-error.ts';
import { parameterOf, type Question } from '../operations/operation.ts';
import { isHttpError, type HttpError } from '../protocol/http-error.ts';

/** What every operation finds its app by. */
export interface HasApps {
  readonly apps: LocalApps;
}

/** What operations on channels and connections work on. */
export interface ChannelParts extends HasApps, Questions {
  /** Whether data of events and bodies of webhooks may be shown. */
  readonly showsPayloads: boolean;
  readonly connections: ClientConnections;
  readonly fanout: Pick<Fanout, 'terminate'>;
}

/** What operations on dropped deliveries work on. */
export interface LetterParts extends HasApps {
  /** Whether data of events may be shown. */
  readonly showsPayloads: boolean;
  readonly letters: Letters;
}

/** The app that the path names. Throws when there is none, and says which there are. */
export function appOf({ apps }: HasApps, question: Question): LocalApp {
  const id = parameterOf(question, 'app');
  const app = apps.byId(id);
  if (app !== undefined) return app;
  throw unknownApp(
    id,
    Array.from(apps, ({ config }) => config.id),
  );
}

/** There is no such app; there are these. */
export function unknownApp(id: string, known: readonly string[]): OperationError {
  return new OperationError(
    404,
    'ERR_APP_UNKNOWN',
    `there is no app '${id}'; there are: ${known.join(', ')}`,
  );
}

/** Only a node that sends webhooks knows, and this one sends none. */
export function refuseElsewhere(): never {
  throw new OperationError(
    503,
    'ERR_ELSEWHERE',
    'this node does not know: other nodes send the webhooks at the moment. Ask a node whose /healthz says "dispatching":true',
  );
}

/** What the HTTP API answers, as the answer of an operation. Throws what it refuses. */
export function answerOf(answer: ApiAnswer): unknown {
  if (answer === lettersUnavailable) throw new OperationError(503, 'ERR_ELSEWHERE', answer.text);
  if (isHttpError(answer)) throw refusalOf(answer);
  return JSON.parse(answer.json);
}

/** What the HTTP API refuses, as an error of an operation. */
export function refusalOf({ status, text }: HttpError): OperationError {
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
