import { listLetters } from '../app/dead-letter-queries.ts';
import { cancelRecovery, recover, showRecovery } from '../app/dead-letter-requests.ts';
import { parameterOf, type Operation } from '../operations/operation.ts';
import type { Schema } from '../operations/schema.ts';
import { answerOf, appOf, type LetterParts } from './parts.ts';
import { bodies } from './schemas.ts';

/** As the HTTP API answers: see docs/dead-letters.md. */
const asTheHttpApi: Schema = { type: 'object' };

/** Deliveries that endpoints did not get, and sending them again. */
export function letterOperations(parts: LetterParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/apps/{app}/dropped',
      id: 'listDropped',
      summary: 'Deliveries that an endpoint did not get, latest first.',
      query: {
        endpoint: 'Only those of this endpoint.',
        reason: 'Only those dropped for this reason.',
        channel: 'Only those with an event of this channel.',
        event: 'Only those with such an event.',
        since: 'Only those dropped since this time.',
        until: 'Only those dropped until this time.',
        limit: 'Deliveries on a page.',
        cursor: 'The `next` of the page before.',
      },
      answer: asTheHttpApi,
      run: async (question) =>
        withoutPayloads(
          answerOf(await listLetters(appOf(parts, question), parts.letters, question.query)),
          parts.showsPayloads,
        ),
    },
    {
      method: 'post',
      path: '/apps/{app}/recover',
      id: 'recover',
      summary: 'Sends again what an endpoint has lost; with `dry_run` only says how much that is.',
      body: bodies.recover,
      answer: asTheHttpApi,
      run: async (question) =>
        answerOf(await recover(appOf(parts, question), parts.letters, JSON.stringify(question.body))),
    },
    {
      method: 'get',
      path: '/apps/{app}/recover/{recovery}',
      id: 'showRecovery',
      summary: 'How far a recovery has come.',
      answer: asTheHttpApi,
      run: (question) =>
        answerOf(showRecovery(appOf(parts, question), parts.letters, parameterOf(question, 'recovery'))),
    },
    {
      method: 'delete',
      path: '/apps/{app}/recover/{recovery}',
      id: 'cancelRecovery',
      summary: 'Ends a recovery.',
      answer: asTheHttpApi,
      run: (question) =>
        answerOf(cancelRecovery(appOf(parts, question), parts.letters, parameterOf(question, 'recovery'))),
    },
  ];
}

/** What must not be shown of dropped deliveries: data of client events, and answers of endpoints. */
function withoutPayloads(told: unknown, showsPayloads: boolean): unknown {
  if (showsPayloads) return told;
  const hidden: readonly string[] = ['data', 'answer'];
  return JSON.parse(
    JSON.stringify(told, (name, value: unknown) => (hidden.includes(name) ? undefined : value)),
  );
}
