import { numberOf, textOf, type Operation } from '../../operations/operation.ts';
import { listOf, object } from '../../operations/schema.ts';
import type { EmulatorCore } from '../core.ts';
import { createPublishMatcher, publishFields } from '../published/publish-match.ts';
import { knownApp } from './known-app.ts';
import { appQuery, ref } from './schemas.ts';
import { waitOperationsOf } from './wait-operations.ts';

/** What backends have published: to list, to wait for, and to rule out. */
export function publishOperations({ core }: { readonly core: EmulatorCore }): readonly Operation[] {
  const { publishLog, publishWaiting } = core;
  return [
    {
      method: 'get',
      path: '/control/published',
      id: 'listPublished',
      summary: 'What backends have published since the start or the last reset, and who was sent it.',
      query: {
        ...appQuery,
        after: 'Only what was published after the event with this id.',
        ...Object.fromEntries(publishFields.map((field) => [field, `Only events with this ${field}.`])),
      },
      answer: object({ published: listOf(ref('PublishedEvent')) }, ['published']),
      run(question) {
        const asked = publishFields.map((field) => [field, textOf(question, field)] as const);
        const matcher = createPublishMatcher(
          Object.fromEntries(asked.filter(([, value]) => value !== undefined)),
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
          'Answers with the first such event once it is published; 409 says what was published instead.',
      },
      expectNone: {
        id: 'expectNonePublished',
        summary: 'Answers when no such event was published, and none is within the time; 409 says which was.',
      },
      waits: publishWaiting,
    }),
  ];
}
