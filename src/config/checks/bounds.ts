import {
  eventBytes,
  largestBody,
  largestMessage,
  messageBytes,
  mostBodyBytes,
  mostMessageBytes,
  type Largest,
} from '../../protocol/bounds.ts';
import { resolveLimits, type LimitName, type Limits } from '../../protocol/limits.ts';
import { eventOverheadBytes } from '../../webhooks/delivery-queue.ts';
import { formatPath, type ConfigFault } from './fault.ts';
import type { AppConfig, Config, ParsedConfig } from '../schema/schema.ts';

/** The minimum bound of unsent data for one client. */
const leastBackpressureBytes = 1024 * 1024;

/** The limits of an app, and how messages refer to them. */
interface Accepted {
  readonly limits: Limits;
  readonly pathOf: (name: LimitName) => string;
  /** Whether an endpoint selects client events. */
  readonly sendsClientEvents: boolean;
}

/** The sizes that must fit the largest message or event of an app; undefined: they are made large enough. */
interface Room {
  readonly maxBackpressureBytes?: number | undefined;
  readonly webhooks: { readonly queueMaxBytes: number };
}

/** Returns faults for limits that are too large: a message or body could not be read, queued or sent. */
export function boundFaults(parsed: ParsedConfig): readonly ConfigFault[] {
  const apps = parsed.apps.map((app, index) => ({
    limits: resolveLimits(parsed.limits, app.limits),
    pathOf: (name: LimitName) =>
      app.limits[name] === undefined ? `limits.${name}` : formatPath(['apps', index, 'limits', name]),
    sendsClientEvents: sendsClientEvents(app),
  }));
  const faults = apps.flatMap((app) => [
    ...tooLarge(app, { what: 'messages', largest: largestMessage(app.limits), most: mostMessageBytes }),
    ...tooLarge(app, { what: 'request bodies', largest: largestBody(app.limits), most: mostBodyBytes }),
    ...noRoom(app, parsed),
  ]);
  // Apps that share a limit share its fault, so report it once.
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

/** The default bound of unsent data for one client: at least the largest message of these apps. */
export function backpressureFor(apps: readonly Pick<AppConfig, 'limits'>[]): number {
  return apps.reduce((most, { limits }) => Math.max(most, messageBytes(limits)), leastBackpressureBytes);
}

/** The same as `boundFaults` for apps that a running server should serve, with the bounds that it was started with. */
export function outgrownBounds(apps: readonly AppConfig[], inForce: Config): readonly ConfigFault[] {
  return apps.flatMap((app) =>
    noRoom(
      {
        limits: app.limits,
        pathOf: (name) => `limits.${name} of app ${app.id}`,
        sendsClientEvents: sendsClientEvents(app),
      },
      inForce,
    ),
  );
}

function tooLarge(
  { limits, pathOf }: Accepted,
  { what, largest, most }: { readonly what: string; readonly largest: Largest; readonly most: number },
): readonly ConfigFault[] {
  const [main] = largest.limits;
  // Without a limit, the size is bounded by `most`.
  if (main === undefined || largest.bytes <= most || largest.bytes === Infinity) return [];
  const given = describe(largest.limits, limits, pathOf);
  const message = `expected limits that need ${what} of at most ${most} bytes, got ${largest.bytes} bytes from ${given}; lower one of them`;
  return [{ path: pathOf(main), message }];
}

function noRoom(
  { limits, pathOf, sendsClientEvents: isSent }: Accepted,
  { maxBackpressureBytes = Infinity, webhooks: { queueMaxBytes } }: Room,
): readonly ConfigFault[] {
  const message = messageBytes(limits);
  const names = largestMessage(limits).limits;
  const queued = Math.min(eventBytes(limits), mostMessageBytes) + eventOverheadBytes;
  return [
    ...(message > maxBackpressureBytes
      ? [
          {
            path: 'maxBackpressureBytes',
            message: `expected at least ${message}, the bytes of the largest message from ${describe(names, limits, pathOf)}, got ${maxBackpressureBytes}; raise it, leave it out, or lower the limits`,
          },
        ]
      : []),
    ...(isSent && queued > queueMaxBytes
      ? [
          {
            path: 'webhooks.queueMaxBytes',
            message: `expected at least ${queued}, the bytes of the largest client_event from ${describe(['eventDataBytes'], limits, pathOf)}, got ${queueMaxBytes}; raise it, or lower the limit`,
          },
        ]
      : []),
  ];
}

function describe(names: readonly LimitName[], limits: Limits, pathOf: Accepted['pathOf']): string {
  return names
    .map((name) => `${pathOf(name)} (${limits[name] === Infinity ? 'null' : limits[name]})`)
    .join(', ');
}

function sendsClientEvents({
  clientEvents,
  webhooks,
}: {
  readonly clientEvents: boolean;
  readonly webhooks: readonly { readonly eventTypes: readonly string[] }[];
}): boolean {
  return clientEvents && webhooks.some(({ eventTypes }) => eventTypes.includes('client_event'));
}
