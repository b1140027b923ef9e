import type { WebhookState } from '../http-api/webhook-state.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import type { Operation } from '../operations/operation.ts';
import { readOverview, type OverviewParts } from './overview.ts';
import { ref } from './schemas.ts';
import type { ClockView, SelfView } from '../views/server.ts';

/** What the operations on the server as a whole need. */
export interface ServerParts extends OverviewParts {
  readonly configuration: ConfigurationInForce;
  readonly webhookState: () => WebhookState;
  readonly version: string;
  readonly isProduction: boolean;
  readonly startedAtMs: number;
  readonly showsPayloads: boolean;
  readonly address: () => SelfView['address'];
  /** The clock, on a server that a test controls. */
  readonly controlledClock?: (() => ClockView) | undefined;
}

/** The operations that describe the server and its state. */
export function serverOperations(parts: ServerParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/self',
      id: 'readSelf',
      summary: 'Facts about this server, and the role of the caller.',
      answer: ref('Self'),
      run: ({ isFull }) => describeSelf(parts, isFull),
    },
    {
      method: 'get',
      path: '/overview',
      id: 'readOverview',
      summary: 'Connections, rates, queues and health, with the history of the last hour.',
      answer: ref('Overview'),
      run: () => readOverview(parts, true),
    },
  ];
}

function describeSelf(parts: ServerParts, isFull: boolean): SelfView {
  const { configuration, controlledClock, webhookState } = parts;
  const { kept, epoch, starts, lastEnd, lost } = webhookState();
  return {
    version: parts.version,
    role: isFull ? 'full' : 'view',
    isProduction: parts.isProduction,
    kept,
    savedIn: configuration.savedIn,
    epoch,
    ...(starts !== undefined && { starts }),
    ...(lastEnd && { lastEnd }),
    ...(lost !== undefined && { lost }),
    startedAtMs: parts.startedAtMs,
    nowMs: parts.wallTime.now(),
    showsPayloads: parts.showsPayloads,
    ...(controlledClock && { clock: controlledClock() }),
    address: parts.address(),
    notes: notesOf(parts, kept),
  };
}

/** What this node does not know, one sentence each. */
function notesOf(
  { configuration, nodeHealth, controlledClock }: ServerParts,
  kept: WebhookState['kept'],
): readonly string[] {
  const { obstacle, savedIn } = configuration;
  const notes: string[] = [];
  if (obstacle !== undefined) notes.push(obstacle);
  if (savedIn === 'memory') {
    const advice = controlledClock === undefined ? ' To keep them, configure a store.' : '';
    notes.push(`Settings made here are kept in memory and are lost when the process stops.${advice}`);
  }
  if (kept === 'redis') {
    notes.push(
      'This server is one of several nodes. Connections, the debug console, events and rates are of this node only.',
    );
    const health = nodeHealth();
    if (health?.isDispatching !== true) {
      notes.push('Other nodes send the webhooks at the moment. They show the deliveries and queues.');
    } else if (health.partitions < health.partitionCount) {
      notes.push(
        `This node sends the webhooks of ${health.partitions} of ${health.partitionCount} partitions. Other nodes show the deliveries and queues of the rest.`,
      );
    }
    if (health?.keepsLetters !== true) notes.push('Another node keeps and shows the dropped deliveries.');
  }
  return notes;
}
