import type { TestView } from '../views/settings.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import { createRequest } from '../webhooks/attempt.ts';
import { resultOf } from '../webhooks/delivery-facts.ts';
import { encodeEvent, type EventName } from '../webhooks/event.ts';
import { exampleOf } from '../webhooks/example-event.ts';
import { createPayload } from '../webhooks/payload.ts';
import { verdictOf } from '../webhooks/verdict.ts';
import { attemptNow, inPlace, type AttemptInPlaceOptions, type ResendTarget } from './attempt-in-place.ts';

/** What sending tests needs. */
export interface TestSenderOptions extends AttemptInPlaceOptions {
  readonly ids: Pick<Ids, 'webhookId'>;
  readonly log: Log;
  /** The epoch of the state. */
  readonly epoch: () => string;
}

/** The result of a test, with the request that was sent. */
export type TestOutcome = TestView;

/** The maximum number of characters of a response in the result. */
const mostAnswer = 4096;

/**
 * Sends an example event to an endpoint, signed like a webhook and marked as a test by a header. It is not a delivery: it is
 * not counted, not retried, and does not affect whether the endpoint counts as failing. Paused and disabled endpoints get it,
 * too.
 */
export class TestSender {
  readonly #options: TestSenderOptions;

  constructor(options: TestSenderOptions) {
    this.#options = options;
  }

  /** Makes one attempt, as soon as there is a place for it within the time-out of a request; otherwise returns `busy`. */
  send(target: ResendTarget, event: EventName): Promise<TestOutcome | 'busy'> {
    return inPlace(this.#options, target, () => this.#send(target, event));
  }

  async #send({ app, endpoint }: ResendTarget, name: EventName): Promise<TestOutcome> {
    const { ids, wallTime, log, epoch } = this.#options;
    const event = encodeEvent(exampleOf(name));
    const atMs = wallTime.now();
    const payload = createPayload({ id: ids.webhookId(), timeMs: atMs, events: [event] });
    const which = { attempt: 1, atMs, epoch: epoch(), isTest: true };
    const request = createRequest(app, endpoint, payload, which);
    const { outcome, elapsedMs } = await attemptNow(this.#options, request);
    const result = resultOf(outcome);
    const status = outcome.kind === 'answered' ? outcome.status : undefined;
    const error = outcome.kind === 'unreachable' ? outcome.code : undefined;
    const answer = outcome.kind === 'answered' ? outcome.body?.slice(0, mostAnswer) : undefined;
    const summary = {
      result,
      ...(status !== undefined && { status }),
      ...(error !== undefined && { error }),
      elapsedMs: Math.round(elapsedMs),
    };
    log.info(
      { appId: app.id, endpoint: endpoint.id, webhookId: payload.id, event: name, ...summary },
      'test webhook sent',
    );
    return {
      ...summary,
      ...(answer !== undefined && { answer }),
      verdict: verdictOf(outcome),
      request: {
        url: request.url,
        headers: request.headers,
        body: new TextDecoder().decode(request.body),
      },
    };
  }
}
