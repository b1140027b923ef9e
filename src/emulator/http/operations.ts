import { patternFields } from '../../webhooks/event-match.ts';
import { appOperations, type AppOperationOptions } from './app-operations.ts';
import { faultOperations } from './fault-operations.ts';
import { described, done, flag, listOf, millis, object, text } from '../../operations/schema.ts';
import { given } from './given.ts';
import { matchOf } from './match-of.ts';
import { publishOperations } from './publish-operations.ts';
import { afterField, appField, appQuery, ref } from './schemas.ts';
import { createMatcher } from '../waits/match.ts';
import { flagOf, numberOf, textOf, type Operation, type Question } from '../../operations/operation.ts';
import { knownApp } from './known-app.ts';

const example = { name: 'member_removed', user_id: '42' };

/** Every operation of the control API. */
export function createOperations(options: AppOperationOptions): readonly Operation[] {
  return [
    ...clockOperations(options),
    ...recordOperations(options),
    ...waitOperations(options),
    ...publishOperations(options),
    ...faultOperations(options),
    ...appOperations(options),
  ];
}

function clockOperations({ core }: Pick<AppOperationOptions, 'core'>): readonly Operation[] {
  const { clock, pace } = core;
  const tell = () => ({ mode: clock.isVirtual ? 'virtual' : 'real', nowMs: clock.now() });
  return [
    {
      method: 'get',
      path: '/control/clock',
      id: 'readClock',
      summary: 'The time of the emulator.',
      answer: ref('Clock'),
      run: tell,
    },
    {
      method: 'post',
      path: '/control/clock/advance',
      id: 'advanceClock',
      summary: 'Lets time pass now; answers when what fell due in it has been done.',
      body: object({ ms: millis('How much.') }, ['ms']),
      answer: ref('Clock'),
      async run({ body }) {
        await pace.advance(body['ms']);
        return tell();
      },
    },
    {
      method: 'post',
      path: '/control/clock/next',
      id: 'advanceClockToNext',
      summary:
        'Moves the clock to the next moment at which something is due; `moved` is false when nothing is.',
      body: object({}),
      answer: object({ mode: text, nowMs: millis('Since the start.'), moved: flag }, [
        'mode',
        'nowMs',
        'moved',
      ]),
      async run() {
        const moved = await pace.next();
        return { ...tell(), moved };
      },
    },
  ];
}

function recordOperations({ core }: Pick<AppOperationOptions, 'core'>): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/control/events',
      id: 'listEvents',
      summary: 'All that happened since the start or the last reset, and what became of it.',
      query: {
        ...appQuery,
        after: 'Only events after the one with this id.',
        ...Object.fromEntries(patternFields.map((field) => [field, `Only events with this ${field}.`])),
      },
      answer: object({ events: listOf(ref('Event')) }, ['events']),
      run(question) {
        const matcher = createMatcher(patternOf(question));
        const since = numberOf(question, 'after') ?? 0;
        const events = core.recorder
          .events(knownApp(core, question))
          .filter((event) => event.id > since && matcher.matches(event));
        return { events };
      },
    },
    {
      method: 'get',
      path: '/control/deliveries',
      id: 'listDeliveries',
      summary: 'Every request to an endpoint, with all attempts.',
      query: appQuery,
      answer: object({ deliveries: listOf(ref('Delivery')) }, ['deliveries']),
      run: (question) => ({ deliveries: core.recorder.deliveries(knownApp(core, question)) }),
    },
    {
      method: 'get',
      path: '/control/record',
      id: 'record',
      summary:
        'A record of all that happened since the start or the last reset, without secrets; `soketify-emulator replay` sends its webhooks to a backend.',
      query: appQuery,
      answer: ref('Record'),
      run: (question) => core.record(knownApp(core, question)),
    },
  ];
}

function waitOperations({ core }: Pick<AppOperationOptions, 'core'>): readonly Operation[] {
  const { waiting } = core;
  return [
    {
      method: 'post',
      path: '/control/webhooks/wait-for',
      id: 'waitForWebhook',
      endsWithCaller: true,
      summary: 'Answers with the first such event once it is delivered; 409 says what was seen instead.',
      body: object(
        {
          match: ref('Match'),
          app: appField,
          after: afterField,
          timeoutMs: millis('Real time: 1000 by default with the virtual clock, 5000 with the real one.'),
          withinMs: millis('Time of the emulator: the virtual clock is moved no further.'),
        },
        ['match'],
      ),
      answer: ref('Event'),
      run: (question) =>
        waiting.waitFor(
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
      path: '/control/webhooks/expect-none',
      id: 'expectNoWebhook',
      endsWithCaller: true,
      summary: 'Answers when no such event was sent, and none is within the time; 409 says why it was.',
      body: object(
        {
          match: ref('Match'),
          app: appField,
          after: afterField,
          withinMs: millis('By default the grace, and the wait of a batch.'),
        },
        ['match'],
      ),
      answer: done,
      run: (question) =>
        waiting.expectNone(
          knownApp(core, question),
          matchOf(question, example),
          {
            ...given(question, 'after'),
            ...given(question, 'withinMs'),
          },
          question.gone,
        ),
    },
    {
      method: 'post',
      path: '/control/idle',
      id: 'awaitIdle',
      endsWithCaller: true,
      summary: 'Answers when nothing is queued or under way to an endpoint.',
      body: object({ app: appField, timeoutMs: millis('Real time; 5000 by default.') }),
      answer: done,
      run: (question) => waiting.idle(knownApp(core, question), given(question, 'timeoutMs'), question.gone),
    },
    {
      method: 'post',
      path: '/control/reset',
      id: 'reset',
      summary: 'Forgets everything of an app, or of all, without telling an endpoint. The clock stays.',
      body: object({
        app: appField,
        reconnect: described({ type: 'boolean' }, 'Clients are closed with a code on which they come back.'),
      }),
      answer: done,
      run: (question) =>
        core.reset(knownApp(core, question), { reconnect: flagOf(question, 'reconnect') ?? false }),
    },
  ];
}

function patternOf(question: Question): Record<string, unknown> {
  const fields = patternFields.map((field) => {
    const value = field === 'subscription_count' ? numberOf(question, field) : textOf(question, field);
    return [field, value] as const;
  });
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}
