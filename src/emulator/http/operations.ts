import { patternFields } from '../../webhooks/event-match.ts';
import { appOperations, type AppOperationOptions } from './app-operations.ts';
import { faultOperations } from './fault-operations.ts';
import { described, done, flag, listOf, millis, object, text } from '../../operations/schema.ts';
import { given } from './given.ts';
import { publishOperations } from './publish-operations.ts';
import { appField, appQuery, ref } from './schemas.ts';
import { waitOperationsOf } from './wait-operations.ts';
import { createMatcher } from '../waits/match.ts';
import { flagOf, numberOf, textOf, type Operation, type Question } from '../../operations/operation.ts';
import { knownApp } from './known-app.ts';

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
  const describeClock = () => ({ mode: clock.isVirtual ? 'virtual' : 'real', nowMs: clock.now() });
  return [
    {
      method: 'get',
      path: '/control/clock',
      id: 'readClock',
      summary: 'The time of the emulator.',
      answer: ref('Clock'),
      run: describeClock,
    },
    {
      method: 'post',
      path: '/control/clock/advance',
      id: 'advanceClock',
      summary: 'Moves the clock, and responds after everything that became due has been done.',
      body: object({ ms: millis('By how much.') }, ['ms']),
      answer: ref('Clock'),
      async run({ body }) {
        await pace.advance(body['ms']);
        return describeClock();
      },
    },
    {
      method: 'post',
      path: '/control/clock/next',
      id: 'advanceClockToNext',
      summary:
        'Moves the clock to the next moment at which something is due; `moved` is false if nothing is due.',
      body: object({}),
      answer: object({ mode: text, nowMs: millis('Since the start.'), moved: flag }, [
        'mode',
        'nowMs',
        'moved',
      ]),
      async run() {
        const moved = await pace.next();
        return { ...describeClock(), moved };
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
      summary: 'Lists all webhook events since the start or the last reset, with their status.',
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
      summary: 'Lists every delivery to an endpoint, with all attempts.',
      query: appQuery,
      answer: object({ deliveries: listOf(ref('Delivery')) }, ['deliveries']),
      run: (question) => ({ deliveries: core.recorder.deliveries(knownApp(core, question)) }),
    },
    {
      method: 'get',
      path: '/control/record',
      id: 'record',
      summary:
        'Returns a record of everything since the start or the last reset, without secrets; `soketify-emulator replay` sends its webhooks to a backend.',
      query: appQuery,
      answer: ref('Record'),
      run: (question) => core.record(knownApp(core, question)),
    },
  ];
}

function waitOperations({ core }: Pick<AppOperationOptions, 'core'>): readonly Operation[] {
  const { waiting } = core;
  return [
    ...waitOperationsOf(core, {
      path: '/control/webhooks',
      match: ref('Match'),
      example: { name: 'member_removed', user_id: '42' },
      found: ref('Event'),
      waitFor: {
        id: 'waitForWebhook',
        summary:
          'Responds with the first matching event once it is delivered; a 409 describes what was seen instead.',
      },
      expectNone: {
        id: 'expectNoWebhook',
        summary:
          'Responds when no matching event was sent and none is sent within the time; a 409 explains why one was.',
      },
      waits: waiting,
    }),
    {
      method: 'post',
      path: '/control/idle',
      id: 'awaitIdle',
      endsWithCaller: true,
      summary: 'Responds when no event is queued and no request to an endpoint is in progress.',
      body: object({ app: appField, timeoutMs: millis('Real time; 5000 by default.') }),
      answer: done,
      run: (question) => waiting.idle(knownApp(core, question), given(question, 'timeoutMs'), question.gone),
    },
    {
      method: 'post',
      path: '/control/reset',
      id: 'reset',
      summary:
        'Clears the state of one app, or of all apps, without sending webhooks. The clock keeps its time.',
      body: object({
        app: appField,
        reconnect: described({ type: 'boolean' }, 'Close clients with a code after which they reconnect.'),
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
