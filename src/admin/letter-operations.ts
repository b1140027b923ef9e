import { listLetters } from '../http-api/dead-letter-queries.ts';
import { cancelRecovery, recover, showRecovery } from '../http-api/dead-letter-requests.ts';
import { parameterOf, type Operation } from '../operations/operation.ts';
import type { Schema } from '../operations/schema.ts';
import { toOperationAnswer, appOf, type LetterParts } from './parts.ts';
import { bodies } from './schemas.ts';

/** The response of the HTTP API, see docs/dead-letters.md. */
const asTheHttpApi: Schema = { type: 'object' };

/** The operations that list dead letters and send them again. */
export function letterOperations(parts: LetterParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/apps/{app}/dropped',
      id: 'listDropped',
      summary: 'Dropped deliveries, newest first.',
      query: {
        endpoint: 'Only those of this endpoint.',
        reason: 'Only those that were dropped for this reason.',
        channel: 'Only those with an event of this channel.',
        event: 'Only those with an event of this name.',
        since: 'Only those that were dropped since this time.',
        until: 'Only those that were dropped until this time.',
        limit: 'Deliveries on a page.',
        cursor: 'The `next` of the previous page.',
      },
      answer: asTheHttpApi,
      run: async (question) =>
        withoutPayloads(
          toOperationAnswer(await listLetters(appOf(parts, question), parts.letters, question.query)),
          parts.showsPayloads,
        ),
    },
    {
      method: 'post',
      path: '/apps/{app}/recover',
      id: 'recover',
      summary: 'Sends the dropped deliveries of an endpoint again. With `dry_run` it only counts them.',
      body: bodies.recover,
      answer: asTheHttpApi,
      run: async (question) =>
        toOperationAnswer(
          await recover(appOf(parts, question), parts.letters, JSON.stringify(question.body)),
        ),
    },
    {
      method: 'get',
      path: '/apps/{app}/recover/{recovery}',
      id: 'showRecovery',
      summary: 'The progress of a recovery.',
      answer: asTheHttpApi,
      run: (question) =>
        toOperationAnswer(
          showRecovery(appOf(parts, question), parts.letters, parameterOf(question, 'recovery')),
        ),
    },
    {
      method: 'delete',
      path: '/apps/{app}/recover/{recovery}',
      id: 'cancelRecovery',
      summary: 'Cancels a recovery.',
      answer: asTheHttpApi,
      run: (question) =>
        toOperationAnswer(
          cancelRecovery(appOf(parts, question), parts.letters, parameterOf(question, 'recovery')),
        ),
    },
  ];
}

/** Removes payloads that must not be shown: the data of client events, and the responses of endpoints. */
function withoutPayloads(page: unknown, showsPayloads: boolean): unknown {
  if (showsPayloads) return page;
  const hidden: readonly string[] = ['data', 'answer'];
  return JSON.parse(
    JSON.stringify(page, (name, value: unknown) => (hidden.includes(name) ? undefined : value)),
  );
}
