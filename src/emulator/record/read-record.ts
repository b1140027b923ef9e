import * as v from 'valibot';
import * as field from '../../config/schema/fields.ts';
import { describeGiven, isObject, parseJson } from '../../protocol/json-value.ts';
import { check, number } from '../check.ts';
import { invalidArgument } from '../emulator-error.ts';
import { recordFormat, recordVersion } from './run-record.ts';

/** The parts of a delivery that a replay needs. */
export interface ReadDelivery {
  readonly id: string;
  readonly appId: string;
  readonly endpoint: string;
  readonly status: 'pending' | 'delivered' | 'dropped';
  /** The events of its body as JSON, with the same bytes as when it was sent. */
  readonly events: string;
  /** When its last attempt ended, in milliseconds since the start of the recorded emulator. */
  readonly endedAtMs: number;
}

/** The parts of a record that a replay needs. */
export interface ReadRecord {
  readonly apps: readonly { readonly id: string; readonly key: string }[];
  /** In the order of sending. */
  readonly deliveries: readonly ReadDelivery[];
}

/** A record of the same version may have more fields. */
const schema = field.openGroup({
  apps: field.listOf(field.openGroup({ id: field.nonEmptyText(), key: field.nonEmptyText() })),
  deliveries: field.listOf(
    field.openGroup({
      id: field.nonEmptyText(),
      appId: field.nonEmptyText(),
      endpoint: field.nonEmptyText(),
      status: field.oneOf(['pending', 'delivered', 'dropped']),
      body: field.textThat(
        (body) => eventsOf(body) !== undefined,
        'expected the body of a webhook, {"time_ms":...,"events":[...]}',
      ),
      attempts: field.listOf(field.openGroup({ atMs: number(), elapsedMs: v.optional(number()) })),
    }),
  ),
});

/** Reads a record. Throws an EmulatorError with ERR_ARGUMENT_INVALID that describes the fault. */
export function readRecord(given: unknown): ReadRecord {
  if (!isObject(given)) {
    throw invalidArgument(
      `record: expected the object that record() and GET /control/record return, got ${describeGiven(given)}`,
    );
  }
  const { format, version } = given;
  if (format !== recordFormat) {
    throw invalidArgument(
      `record: format: expected '${recordFormat}', got ${describeGiven(format)}; records are made by record() and GET /control/record`,
    );
  }
  if (version !== recordVersion) {
    throw invalidArgument(
      `record: version: this version of soketify-emulator reads version ${recordVersion}, got ${describeGiven(version)}; replay it with the version that wrote it, or record the run again`,
    );
  }
  const { apps, deliveries } = check(schema, given, 'record');
  return {
    apps,
    deliveries: deliveries.map(({ id, appId, endpoint, status, body, attempts }) => {
      const last = attempts.at(-1);
      const endedAtMs = last === undefined ? 0 : last.atMs + (last.elapsedMs ?? 0);
      return { id, appId, endpoint, status, events: eventsOf(body) ?? '', endedAtMs };
    }),
  };
}

/** The events of a body without the brackets around them; undefined if it is not the body of a webhook. */
function eventsOf(body: string): string | undefined {
  const [, events] = /^\{"time_ms":\d+,"events":\[([^]*)\]\}$/.exec(body) ?? [];
  return events !== undefined && parseJson(body) !== undefined ? events : undefined;
}
