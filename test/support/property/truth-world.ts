import assert from 'node:assert/strict';
import type { TruthView } from '../../../src/views/truth.ts';
import type { Application } from '../../../src/apps/application.ts';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { Replay } from '../../../src/webhooks/replay.ts';
import type { ReceivedEvent } from '../../../src/webhooks/received.ts';
import type { DescribedState } from '../webhook-state.ts';
import { filterBelief, truthOf } from './replay.ts';
import type { Stack } from './stack.ts';
import type { StackClient } from './stack-client.ts';

/** The state of a backend that replays what it has acknowledged. */
export function foldOf(stack: Stack, endpoint: Endpoint): DescribedState {
  const replay = new Replay();
  for (const event of stack.receivers.get(endpoint.url)?.acknowledged ?? [])
    replay.apply(event as ReceivedEvent);
  const { occupied, members } = replay.state();
  return {
    occupied,
    members: Object.entries(members).flatMap(([channel, users]) => users.map((user) => `${channel} ${user}`)),
  };
}

/** The differences: `X there` if only the endpoint believes it, `X gone` if only the truth has it. */
function listDifferences(belief: DescribedState, truth: DescribedState): readonly string[] {
  const differing = (believed: readonly string[], actual: readonly string[]): string[] => [
    ...believed.filter((one) => !actual.includes(one)).map((one) => `${one} there`),
    ...actual.filter((one) => !believed.includes(one)).map((one) => `${one} gone`),
  ];
  return [
    ...differing(belief.occupied, truth.occupied),
    ...differing(belief.members, truth.members),
  ].toSorted();
}

/** The part that is compared. An endpoint that receives only one event of a pair is not compared. */
function filter(belief: DescribedState, endpoint: Endpoint): DescribedState {
  const { eventTypes } = endpoint;
  const { occupied, members } = filterBelief(belief, endpoint, () => true);
  return {
    occupied: eventTypes.has('channel_vacated') ? occupied : [],
    members: eventTypes.has('member_removed') ? members : [],
  };
}

const subjectOf = ({ channel, userId }: TruthView['differences'][number]): string =>
  userId === undefined ? channel : `${channel} ${userId}`;

/** What is not compared, and where the program may report `unknown`. */
export interface Exceptions {
  readonly skips?: (endpoint: Endpoint, channel: string) => boolean;
  readonly mayNotKnow?: (endpoint: Endpoint, channel: string) => boolean;
  /**
   * For a while the endpoint did not receive all events, so it may believe that members are present who left
   * then.
   */
  readonly hasGap?: (endpoint: Endpoint) => boolean;
}

/** What a client is subscribed to, as far as the program has read its frames. */
const readBy = ({ holds, leaving }: StackClient) => [...holds, ...leaving];

/**
 * Checks the reported belief of each endpoint, and its differences from what the clients hold, as far as the
 * program has processed their frames.
 */
export async function expectReportedTruth(
  stack: Stack,
  { apps, clients }: { readonly apps: readonly Application[]; readonly clients: readonly StackClient[] },
  { skips = () => false, mayNotKnow = () => false, hasGap = () => false }: Exceptions = {},
): Promise<void> {
  for (const app of apps) {
    for (const endpoint of app.endpoints) {
      const view = (await stack.truth(app.id, endpoint.id)) ?? assert.fail(`${endpoint.id} is not known`);
      const counts = (line: string): boolean => !skips(endpoint, line.split(' ')[0] ?? '');
      const unknown = view.differences.filter(({ believed }) => believed === 'unknown');
      const unexpected = unknown
        .map(subjectOf)
        .filter((one) => counts(one) && !hasGap(endpoint) && !mayNotKnow(endpoint, one.split(' ')[0] ?? ''));
      assert.deepEqual(unexpected, [], `what is not known of ${endpoint.id}`);
      const unsure = new Set(unknown.map(subjectOf));
      const isSure = (line: string): boolean => !unsure.has(line.replace(/ (there|gone)$/, ''));
      const reported = view.differences
        .filter(({ believed }) => believed !== 'unknown')
        .map((one) => `${subjectOf(one)} ${one.believed}`);
      const expected = listDifferences(
        filter(foldOf(stack, endpoint), endpoint),
        filter(truthOf(app.id, clients, readBy), endpoint),
      );
      const isMissed = (line: string): boolean => {
        const mayBeMissed = hasGap(endpoint) || mayNotKnow(endpoint, line.split(' ')[0] ?? '');
        const isIt = mayBeMissed && line.endsWith(' there') && !reported.includes(line);
        if (isIt) assert.match(view.limits.join('\n'), /it may believe that/);
        return isIt;
      };
      assert.deepEqual(
        reported.toSorted().filter(counts),
        expected.filter((line) => counts(line) && isSure(line) && !isMissed(line)),
        `what is said of ${endpoint.id}`,
      );
      assert.equal(view.differing, view.differences.length);
      for (const { why } of view.differences) assert.match(why, /^\S.{20,}[^.]$/);
    }
  }
}

/** What waits for the endpoints, each as `endpoint channel`. */
export function listWaiting({
  apps,
  stack: { dispatcher },
}: {
  readonly apps: readonly Application[];
  readonly stack: Stack;
}): readonly string[] {
  return apps.flatMap(({ id: appId, endpoints }) =>
    endpoints.flatMap(({ id }) =>
      [...dispatcher.channelsWaiting(appId, id)].map((channel) => `${id} ${channel}`),
    ),
  );
}
