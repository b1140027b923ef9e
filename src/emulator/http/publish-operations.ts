import { numberOf, textOf, type Operation } from '../../operations/operation.ts';
import { listOf, object } from '../../operations/schema.ts';
import type { EmulatorCore } from '../core.ts';
import { createPublishMatcher, publishFields } from '../published/publish-match.ts';
import { knownApp } from './known-app.ts';
import { appQuery, ref } from './schemas.ts';
import { waitOperationsOf } from './wait-operations.ts';

/** Operations that list published events, wait for them, and rule them out. */
export function publishOperations({ core }: { readonly core: EmulatorCore }): readonly Operation[] {
  const { publishLog, publishWaiting } = core;
  return [
    {
      method: 'get',
      path: '/control/published',
      id: 'listPublished',
      summary:
        'Lists the published events since the start or the last reset, with the connections that received them.',
      query: {
        ...appQuery,
        after: 'Only events published after the one with this id.',
        ...Object.fromEntries(publishFields.map((field) => [field, `Only events with this ${field}.`])),
      },
      answer: object({ published: listOf(ref('PublishedEvent')) }, ['published']),
      run(question) {
        const requested = publishFields.map((field) => [field, textOf(question, field)] as const);
        const matcher = createPublishMatcher(
          Object.fromEntries(requested.filter(([, value]) => value !== undefined)),
        );
        const since = numberOf(question, 'after') ?? 0;
        const published = publishLog
          .list(knownApp(core, question))
          .filter((event) => event.id > since && matcher.matches(event));
        return { published };
      },
    },
    ...waitOperationsOf(core, {
      path: '/control/published',
      match: ref('PublishMatch'),
      example: { channel: 'orders', event: 'created' },
      found: ref('PublishedEvent'),
      waitFor: {
        id: 'waitForPublished',
        summary:
          'Responds with the first matching event once it is published; a 409 describes what was published instead.',
      },
      expectNone: {
        id: 'expectNonePublished',
        summary:
          'Responds when no matching event was published and none is published within the time; a 409 names the one that was.',
      },
      waits: publishWaiting,
    }),
  ];
}
