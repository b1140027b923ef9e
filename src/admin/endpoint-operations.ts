import type { TestSender } from '../dispatch/test-sender.ts';
import type { ResendTarget } from '../dispatch/attempt-in-place.ts';
import type { EndpointConfig } from '../config/schema/schema.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import { OperationError, invalidQuestion } from '../operations/operation-error.ts';
import { parameterOf, textOf, type Operation, type Question } from '../operations/operation.ts';
import { object, whole } from '../operations/schema.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { eventNames } from '../webhooks/event.ts';
import { stateUnavailable } from '../http-api/api-answer.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { refuseElsewhere, toOperationError } from './parts.ts';
import { bodies, ref } from './schemas.ts';
import { endpointOf } from './setting-operations.ts';
import type { LanesView, TruthView } from '../views/truth.ts';

/** What the operations on endpoints need. */
export interface EndpointParts {
  readonly configuration: ConfigurationInForce;
  readonly testSender: TestSender;
  /** The target of attempts for an endpoint, or undefined if this node does not send to it. */
  readonly target: (appId: string, endpointId: string) => ResendTarget | undefined;
  readonly truth: (appId: string, endpointId: string) => MaybePromise<TruthView | undefined>;
  readonly lanes: (appId: string, endpointId: string) => LanesView | undefined;
  /**
   * Sends an endpoint the events that bring it to the true state. Returns the number of channels; unavailable while that is not
   * known.
   */
  readonly reconcile: (appId: string, endpointId: string) => MaybePromise<number | Unavailable>;
}

/** The operations that test an endpoint, compare it with the true state, show its queue, and reconcile it. */
export function endpointOperations(parts: EndpointParts): readonly Operation[] {
  /** The endpoint in the path. Throws if it does not exist. */
  const place = (question: Question): readonly [appId: string, endpointId: string] => {
    const appId = parameterOf(question, 'app');
    const { id } = endpointOf(parts, appId, parameterOf(question, 'endpoint'));
    return [appId, id];
  };
  return [
    {
      method: 'post',
      path: '/apps/{app}/endpoints/{endpoint}/test',
      id: 'testEndpoint',
      summary: 'Sends one webhook with an example event now, and explains the response.',
      body: bodies.test,
      answer: ref('Test'),
      async run(question) {
        const [appId, endpointId] = place(question);
        const given = textOf(question, 'event');
        const event = eventNames.find((name) => name === given);
        if (event === undefined) {
          throw invalidQuestion(
            `event: expected one of ${eventNames.join(', ')}, got ${JSON.stringify(given)}`,
          );
        }
        const target = parts.target(appId, endpointId) ?? refuseElsewhere();
        const sent = await parts.testSender.send(target, event);
        if (sent !== 'busy') return sent;
        throw new OperationError(
          503,
          'ERR_BUSY',
          'no test was sent: the limit of concurrent requests is reached (webhooks.totalConcurrency). Try again',
        );
      },
    },
    {
      method: 'post',
      path: '/apps/{app}/endpoints/{endpoint}/reconcile',
      id: 'reconcileEndpoint',
      summary: 'Sends an endpoint the events that bring it from what it believes to the true state.',
      answer: object({ channels: whole }, ['channels']),
      async run(question) {
        const [appId, endpointId] = place(question);
        refuseSilent(endpointOf(parts, appId, endpointId));
        const channels = await parts.reconcile(appId, endpointId);
        if (isUnavailable(channels)) throw toOperationError(stateUnavailable);
        return { channels };
      },
    },
    {
      method: 'get',
      path: '/apps/{app}/endpoints/{endpoint}/truth',
      id: 'readTruth',
      summary:
        'The differences between what an endpoint must believe, judging by the webhooks that it acknowledged, and the true state, each with the reason.',
      answer: ref('Truth'),
      run: async (question) => (await parts.truth(...place(question))) ?? refuseElsewhere(),
    },
    {
      method: 'get',
      path: '/apps/{app}/endpoints/{endpoint}/lanes',
      id: 'readLanes',
      summary: 'The queue of an endpoint by channel: what waits, and behind what.',
      answer: ref('Lanes'),
      run: (question) => parts.lanes(...place(question)) ?? refuseElsewhere(),
    },
  ];
}

/** Refuses a disabled or paused endpoint. Its events would be dropped, or wait behind events that make them needless. */
function refuseSilent({ id, enabled, pause }: EndpointConfig): void {
  if (enabled && pause === undefined) return;
  const how = enabled ? 'paused. Resume it first' : 'disabled. Enable it first';
  throw refuseReconcile(`the endpoint '${id}' is ${how}`);
}

function refuseReconcile(why: string): OperationError {
  return new OperationError(409, 'ERR_CONFLICT', `nothing was sent: ${why}`);
}
