import { numberOf, textOf, type Operation } from '../../operations/operation.ts';
import { described, done, listOf, millis, object } from '../../operations/schema.ts';
import type { EmulatorCore } from '../core.ts';
import { createPublishMatcher, publishFields } from '../published/publish-match.ts';
import { given } from './given.ts';
import { knownApp } from './known-app.ts';
import { matchOf } from './match-of.ts';
import { afterField, appField, appQuery, ref } from './schemas.ts';

const example = { channel: 'orders', event: 'created' };

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
    {
      method: 'post',
      path: '/control/published/wait-for',
      id: 'waitForPublished',
      endsWithCaller: true,
      summary: 'Answers with the first such event once it is published; 409 says what was published instead.',
      body: object(
        {
          match: ref('PublishMatch'),
          app: appField,
          after: afterField,
          timeoutMs: millis('Real time: 1000 by default with the virtual clock, 5000 with the real one.'),
          withinMs: millis('Time of the emulator: the virtual clock is moved no further.'),
        },
        ['match'],
      ),
      answer: ref('PublishedEvent'),
      run: (question) =>
        publishWaiting.waitFor(
          knownApp(core, question),
          matchOf(question, example),
          {
            ...given(question, 'after'),
            ...given(question, 'timeoutMs'),
            ...given(question, 'withinMs'),
          },
          question.gone,
        ),
    },
    {
      method: 'post',
      path: '/control/published/expect-none',
      id: 'expectNonePublished',
      endsWithCaller: true,
      summary: 'Answers when no such event was published, and none is within the time; 409 says which was.',
      body: object(
        {
          match: ref('PublishMatch'),
          app: appField,
          after: afterField,
          withinMs: described(
            millis('Time of the emulator.'),
            'By default the grace, and the wait of a batch.',
          ),
        },
        ['match'],
      ),
      answer: done,
      run: (question) =>
        publishWaiting.expectNone(
          knownApp(core, question),
          matchOf(question, example),
          {
            ...given(question, 'after'),
            ...given(question, 'withinMs'),
          },
          question.gone,
        ),
    },
  ];
}
