import type { EndpointView } from '../views/settings.ts';
import type { Recorder } from './recorder.ts';

/** How many of the latest deliveries are examined. */
const maxLooks = 2000;

/** Reads the last attempt for each endpoint that has one among the latest deliveries. */
export function readLastAttempts(
  recorder: Pick<Recorder, 'deliveryRecords'>,
): (appId: string, endpointId: string) => EndpointView['lastAttempt'] {
  const found = new Map<string, NonNullable<EndpointView['lastAttempt']>>();
  for (const { appId, endpoint, attempts } of recorder.deliveryRecords().slice(-maxLooks)) {
    const last = attempts.findLast(({ end }) => end !== undefined);
    if (last?.end === undefined) continue;
    const { outcome, status } = last.end;
    const key = `${appId}\n${endpoint}`;
    const known = found.get(key);
    if (known !== undefined && known.atMs > last.timeMs) continue;
    found.set(key, { atMs: last.timeMs, result: outcome, ...(status !== undefined && { status }) });
  }
  return (appId, endpointId) => found.get(`${appId}\n${endpointId}`);
}
