import type { WebhookLife } from '../app/webhook-state.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import type { Operation } from '../operations/operation.ts';
import { readOverview, type OverviewParts } from './overview.ts';
import { ref } from './schemas.ts';
import type { ClockView, SelfView } from '../views/server.ts';

/** What operations on the server as a whole work on. */
export interface ServerParts extends OverviewParts {
  readonly configuration: ConfigurationInForce;
  readonly webhookLife: () => WebhookLife;
  readonly version: string;
  readonly isProduction: boolean;
  readonly startedAtMs: number;
  readonly showsPayloads: boolean;
  readonly address: () => SelfView['address'];
  /** The clock that a test moves; undefined: nobody moves it. */
  readonly controlledClock?: (() => ClockView) | undefined;
}

/** What the server is, and how it does. */
export function serverOperations(parts: ServerParts): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/self',
      id: 'readSelf',
      summary: 'Which server this is, and what the caller may do.',
      answer: ref('Self'),
      run: ({ isFull }) => describeSelf(parts, isFull),
    },
    {
      method: 'get',
      path: '/overview',
      id: 'readOverview',
      summary: 'Connections, rates, queues and health, with the last hour.',
      answer: ref('Overview'),
      run: () => readOverview(parts, true),
    },
  ];
}

function describeSelf(parts: ServerParts, isFull: boolean): SelfView {
  const { configuration, controlledClock, webhookLife } = parts;
  const { kept, epoch, starts, lastEnd, lost } = webhookLife();
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

/** What this node cannot say, one sentence each. */
function notesOf(
  { configuration, nodeHealth, controlledClock }: ServerParts,
  kept: WebhookLife['kept'],
): readonly string[] {
  const { obstacle, savedIn } = configuration;
  const notes: string[] = [];
  if (obstacle !== undefined) notes.push(obstacle);
  if (savedIn === 'memory') {
    const advice = controlledClock === undefined ? ' Give the server a store to keep it.' : '';
    notes.push(`What is set here is kept in memory: it ends with the process.${advice}`);
  }
  if (kept === 'redis') {
    notes.push(
      'This is one of several nodes. Connections, the debug console, events and rates are those of this node alone.',
    );
    const health = nodeHealth();
    if (health?.isDispatching !== true) {
      notes.push('Other nodes send the webhooks at the moment: deliveries and queues are shown there.');
    } else if (health.partitions < health.partitionCount) {
      notes.push(
        `This node sends the webhooks of ${health.partitions} of ${health.partitionCount} parts of the channels: deliveries and queues of the others are shown on other nodes.`,
      );
    }
    if (health?.keepsLetters !== true)
      notes.push('Dropped deliveries are shown by the node that keeps them.');
  }
  return notes;
}
