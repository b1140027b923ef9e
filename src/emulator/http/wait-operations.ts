import type { Operation } from '../../operations/operation.ts';
import { done, millis, object, type Schema } from '../../operations/schema.ts';
import type { EmulatorCore } from '../core.ts';
import { given } from './given.ts';
import { knownApp } from './known-app.ts';
import { matchOf } from './match-of.ts';
import { afterField, appField } from './schemas.ts';

type WaitNumbers = Readonly<Partial<Record<'after' | 'timeoutMs' | 'withinMs', number>>>;

/** The events that a test can wait for, or rule out. */
export interface WaitSubject {
  /** The path before `/wait-for` and `/expect-none`. */
  readonly path: string;
  readonly match: Schema;
  /** A match, for errors. */
  readonly example: object;
  readonly found: Schema;
  readonly waitFor: { readonly id: string; readonly summary: string };
  readonly expectNone: { readonly id: string; readonly summary: string };
  readonly waits: {
    waitFor(
      appId: string | undefined,
      match: object,
      options: WaitNumbers,
      gone?: AbortSignal,
    ): Promise<unknown>;
    expectNone(
      appId: string | undefined,
      match: object,
      options: WaitNumbers,
      gone?: AbortSignal,
    ): Promise<void>;
  };
}

/** The operations that wait for an event and that rule it out. */
export function waitOperationsOf(core: EmulatorCore, subject: WaitSubject): readonly Operation[] {
  const { path, match, example, found, waits } = subject;
  const fields = { match, app: appField, after: afterField };
  return [
    {
      method: 'post',
      path: `${path}/wait-for`,
      ...subject.waitFor,
      endsWithCaller: true,
      body: object(
        {
          ...fields,
          timeoutMs: millis('Real time: 1000 by default with the virtual clock, 5000 with the real one.'),
          withinMs: millis('Time of the emulator: the virtual clock is moved no further.'),
        },
        ['match'],
      ),
      answer: found,
      run: (question) =>
        waits.waitFor(
          knownApp(core, question),
          matchOf(question, example),
          { ...given(question, 'after'), ...given(question, 'timeoutMs'), ...given(question, 'withinMs') },
          question.gone,
        ),
    },
    {
      method: 'post',
      path: `${path}/expect-none`,
      ...subject.expectNone,
      endsWithCaller: true,
      body: object({ ...fields, withinMs: millis('By default the grace period plus the batching delay.') }, [
        'match',
      ]),
      answer: done,
      run: (question) =>
        waits.expectNone(
          knownApp(core, question),
          matchOf(question, example),
          { ...given(question, 'after'), ...given(question, 'withinMs') },
          question.gone,
        ),
    },
  ];
}
