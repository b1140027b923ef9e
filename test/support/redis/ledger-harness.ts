import { onTestFinished } from 'vitest';
import { noMetrics } from '../../../src/ports/metrics.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { allPartitions } from '../../../src/store/redis/keys.ts';
import { RedisLedger } from '../../../src/store/redis/ledger.ts';
import { RedisLink, type RedisClients } from '../../../src/store/redis/link/link.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import type { LedgerHarness, LedgerSurroundings } from '../property/ledger-port.ts';
import { nextTurn, noSlices } from '../turns.ts';
import { partitions } from './walk-node.ts';

/** The time of day when the virtual clock of the tests starts. */
const wallStart = 1_700_000_000_000;

let made = 0;

/** Creates ledgers on a real Redis, each with keys of its own, on the test's clock. */
export function redisLedgerHarness(clients: () => RedisClients, share = 1): LedgerHarness {
  const rooms = new Map<
    Ledger,
    { outbox: () => Promise<void>; link: RedisLink; caughtUp: () => Promise<void> }
  >();
  let current: Ledger | undefined;
  return {
    share,
    async make(surroundings: LedgerSurroundings) {
      made += 1;
      const keyPrefix = `test${process.pid}-${made}:`;
      const connections = clients();
      const link = new RedisLink(connections);
      onTestFinished(() => link.close());
      let epochs = 0;
      const ledger = new RedisLedger({
        ...noSlices(),
        ...surroundings,
        link,
        keyPrefix,
        partitions,
        // No heartbeat is sent here because the lease outlasts every test.
        leaseMs: 1e9,
        graceMs: 3000,
        log: silentLog,
        metrics: noMetrics,
        newEpoch: () => `n1.${(epochs += 1)}`,
        notifyCount: () => {},
        terminate: () => {},
        countConnections: () => 0,
        sendsCounts: () => false,
        registered: () => {},
        present: () => wallStart + surroundings.clock.now(),
      });
      await ledger.start();
      const cursors = new Map<string, string>();
      const woken = new Set<string>();
      for (const { wake, outbox: stream } of allPartitions(keyPrefix, partitions)) {
        await link.subscribe(wake, () => woken.add(stream));
      }
      const outbox = async (): Promise<void> => {
        const streams = [...woken];
        woken.clear();
        const read = await Promise.all(
          streams.map(
            async (stream) =>
              [stream, await link.commands.xrange(stream, `(${cursors.get(stream) ?? '0-0'}`, '+')] as const,
          ),
        );
        for (const [stream, entries] of read) {
          for (const [id, [, appId = '', , json = '{}']] of entries) {
            cursors.set(stream, id);
            surroundings.outbox.append(appId, [JSON.parse(json) as WebhookEvent]);
          }
        }
      };
      rooms.set(ledger, { outbox, link, caughtUp: await createBarrier(connections, link, keyPrefix) });
      current = ledger;
      return ledger;
    },
    async settled() {
      if (!(current instanceof RedisLedger)) return;
      await quiet(current);
      const room = rooms.get(current);
      await room?.caughtUp();
      await room?.outbox();
    },
    async dispose(ledger) {
      rooms.get(ledger)?.link.close();
      rooms.delete(ledger);
    },
  };
}

/** Resolves once everything published before has been received. */
async function createBarrier(
  { subscriber }: RedisClients,
  link: RedisLink,
  keyPrefix: string,
): Promise<() => Promise<void>> {
  if (!subscriber.isCluster) return async () => void (await subscriber.ping());
  // Each master has its own connection, so each partition is asked.
  let number = 0;
  const waiting = new Map<string, () => void>();
  const topics = Array.from({ length: partitions }, (_, index) => `${keyPrefix}{${index}}:barrier`);
  await Promise.all(
    topics.map((topic) => link.subscribe(topic, (message) => waiting.get(`${topic} ${message}`)?.())),
  );
  return async () => {
    number += 1;
    const marker = String(number);
    await Promise.all(
      topics.map(
        (topic) =>
          new Promise<void>((resolve) => {
            waiting.set(`${topic} ${marker}`, resolve);
            link.publish(topic, marker);
          }),
      ),
    );
    for (const topic of topics) waiting.delete(`${topic} ${marker}`);
  };
}

async function quiet(ledger: RedisLedger): Promise<void> {
  while (!ledger.isIdle) await nextTurn();
}
