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
  /** In which life of the state this is. */
  readonly epoch: () => string;
}

/** What came of a test, and the request that was sent. */
export type TestOutcome = TestView;

/** The most characters of an answer that are told. */
const mostAnswer = 4096;

/**
 * Sends an example of an event to an endpoint, signed as webhooks are and marked as a test by a header. It is no
 * delivery: it is counted nowhere and not tried again, and says nothing of whether the endpoint fails. It goes also to
 * an endpoint that is paused or disabled.
 */
export class TestSender {
  readonly #options: TestSenderOptions;

  constructor(options: TestSenderOptions) {
    this.#options = options;
  }

  /** Makes one attempt now, or as soon as there is a place for it within the time of a request; else says `busy`. */
  send(target: ResendTarget, event: EventName): Promise<TestOutcome | 'busy'> {
    return inPlace(this.#options, target, () => this.#send(target, event));
  }

  async #send({ app, endpoint }: ResendTarget, name: EventName): Promise<TestOutcome> {
    const { ids, wallTime, log, epoch } = this.#options;
    const event = encodeEvent(exampleOf(name));
    const payload = createPayload({ id: ids.webhookId(), timeMs: wallTime.now(), events: [event] });
    const request = createRequest(app, endpoint, payload, { attempt: 1, epoch: epoch(), isTest: true });
    const { outcome, elapsedMs } = await attemptNow(this.#options, request);
    const result = resultOf(outcome);
    const status = outcome.kind === 'answered' ? outcome.status : undefined;
    const error = outcome.kind === 'unreachable' ? outcome.code : undefined;
    const answer = outcome.kind === 'answered' ? outcome.body?.slice(0, mostAnswer) : undefined;
    const told = {
      result,
      ...(status !== undefined && { status }),
      ...(error !== undefined && { error }),
      elapsedMs: Math.round(elapsedMs),
    };
    log.info(
      { appId: app.id, endpoint: endpoint.id, webhookId: payload.id, event: name, ...told },
      'test webhook sent',
    );
    return {
      ...told,
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
