import { numberOf, textOf, type Operation } from '../../operations/operation.ts';
import { described, done, listOf, millis, object } from '../../operations/schema.ts';
import type { EmulatorCore } from '../core.ts';
import { createPublishMatcher, publishFields } from '../published/publish-match.ts';
import { given } from './given.ts';
import { knownApp } from './known-app.ts';
import { matchOf } from './match-of.ts';
import { afterField, appField, appQuery, ref } from './schemas.ts';

const example = { channel: 'orders', event: 'created' };

/** Operations that list published events, and wait for them or for their absence. */
export function publishOperations({ core }: { readonly core: EmulatorCore }): readonly Operation[] {
  const { publishLog, publishWaiting } = core;
  return [
    {
      method: 'get',
      path: '/control/published',
      id: 'listPublished',
      summary:
        'Lists what backends published since the start or the last reset, and which connections received it.',
      query: {
        ...appQuery,
        after: 'Only events published after the event with this id.',
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
      summary:
        'Returns the first matching event once it is published. A 409 describes what was published instead.',
      body: object(
        {
          match: ref('PublishMatch'),
          app: appField,
          after: afterField,
          timeoutMs: millis('Real time. Default: 1000 with the virtual clock, 5000 with the real one.'),
          withinMs: millis('Emulator time: the virtual clock is moved no further than this.'),
        },
        ['match'],
      ),
      answer: ref('PublishedEvent'),
      run: (question) =>
        publishWaiting.waitFor(knownApp(core, question), matchOf(question, example), {
          ...given(question, 'after'),
          ...given(question, 'timeoutMs'),
          ...given(question, 'withinMs'),
        }),
    },
    {
      method: 'post',
      path: '/control/published/expect-none',
      id: 'expectNonePublished',
      summary:
        'Responds if no matching event was published or is published within the time. A 409 names the one that was.',
      body: object(
        {
          match: ref('PublishMatch'),
          app: appField,
          after: afterField,
          withinMs: described(millis('Emulator time.'), 'Default: the grace period plus the batching delay.'),
        },
        ['match'],
      ),
      answer: done,
      run: (question) =>
        publishWaiting.expectNone(knownApp(core, question), matchOf(question, example), {
          ...given(question, 'after'),
          ...given(question, 'withinMs'),
        }),
    },
  ];
}
