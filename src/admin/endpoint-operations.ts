import type { TestSender } from '../app/test-sender.ts';
import type { ResendTarget } from '../app/attempt-in-place.ts';
import type { EndpointConfig } from '../config/schema.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import { OperationError, invalidQuestion } from '../operations/operation-error.ts';
import { parameterOf, textOf, type Operation, type Question } from '../operations/operation.ts';
import { object, whole } from '../operations/schema.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { eventNames } from '../webhooks/event.ts';
import { refuseElsewhere } from './parts.ts';
import { bodies, ref } from './schemas.ts';
import { endpointOf } from './setting-operations.ts';
import type { LanesView, TruthView } from '../views/truth.ts';

/** What operations on endpoints work on. */
export interface EndpointParts {
  readonly configuration: ConfigurationInForce;
  readonly testSender: TestSender;
  /** Where an attempt at an endpoint goes; undefined: this node does not send to it. */
  readonly target: (appId: string, endpointId: string) => ResendTarget | undefined;
  readonly truth: (appId: string, endpointId: string) => MaybePromise<TruthView | undefined>;
  readonly lanes: (appId: string, endpointId: string) => LanesView | undefined;
  /** Has an endpoint be told what it does not know, of so many channels; undefined: nobody knows what that is. */
  readonly reconcile: (appId: string, endpointId: string) => MaybePromise<number | undefined>;
}

/** Trying an endpoint, what it believes, what waits for it, and bringing it back to the truth. */
export function endpointOperations(parts: EndpointParts): readonly Operation[] {
  /** The endpoint that the path names. Throws when there is none. */
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
      summary: 'Sends one request with an example of an event now, and says what the answer means.',
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
          'no test was sent: as many requests as may be are under way (webhooks.totalConcurrency). Try again',
        );
      },
    },
    {
      method: 'post',
      path: '/apps/{app}/endpoints/{endpoint}/reconcile',
      id: 'reconcileEndpoint',
      summary: 'Sends an endpoint what brings it from what it believes to what is true.',
      answer: object({ channels: whole }, ['channels']),
      async run(question) {
        const [appId, endpointId] = place(question);
        refuseSilent(endpointOf(parts, appId, endpointId));
        const channels = await parts.reconcile(appId, endpointId);
        if (channels !== undefined) return { channels };
        throw refuseReconcile(
          `nothing is known of what the endpoint '${endpointId}' was told last, because this server is one of several nodes, which Redis joins`,
        );
      },
    },
    {
      method: 'get',
      path: '/apps/{app}/endpoints/{endpoint}/truth',
      id: 'readTruth',
      summary:
        'What an endpoint must believe by what it acknowledged, where that differs from what is true, and why.',
      answer: ref('Truth'),
      run: async (question) => (await parts.truth(...place(question))) ?? refuseElsewhere(),
    },
    {
      method: 'get',
      path: '/apps/{app}/endpoints/{endpoint}/lanes',
      id: 'readLanes',
      summary: 'What waits for an endpoint, and what waits behind what.',
      answer: ref('Lanes'),
      run: (question) => parts.lanes(...place(question)) ?? refuseElsewhere(),
    },
  ];
}

/** What is sent while nothing may be sent would be dropped, or wait behind what makes it needless. */
function refuseSilent({ id, enabled, pause }: EndpointConfig): void {
  if (enabled && pause === undefined) return;
  const how = enabled ? 'paused. Resume it first' : 'disabled. Enable it first';
  throw refuseReconcile(`the endpoint '${id}' is ${how}`);
}

function refuseReconcile(why: string): OperationError {
  return new OperationError(409, 'ERR_CONFLICT', `nothing was sent: ${why}`);
}
