import { expect } from 'vitest';
import type { Admissions } from '../../../src/apps/admissions.ts';
import type { FairTurns } from '../../../src/connections/fair-turns.ts';
import { Hub } from '../../../src/connections/hub.ts';
import { RefusalLog } from '../../../src/connections/refusal-log.ts';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { createLocalDelivery } from '../../../src/apps/local-delivery.ts';
import { createNotifier } from '../../../src/apps/notifier.ts';
import { SubscriptionCounts } from '../../../src/connections/subscription-counts.ts';
import type { Session } from '../../../src/apps/session.ts';
import type { ConnectionSlots } from '../../../src/ports/connection-slots.ts';
import type { Witness } from '../../../src/ports/witness.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { silentLog, type Log } from '../../../src/ports/log.ts';
import { noMetrics, type Metrics } from '../../../src/ports/metrics.ts';
import type { SocketId } from '../../../src/protocol/socket-id.ts';
import { MemoryLedger } from '../../../src/store/memory/ledger.ts';
import { FakeClock } from '../fake-clock.ts';
import { application, authFor, greeting, userAuthFor } from './application.ts';
import { FakeNode, type FakeSocket } from './fake-socket.ts';
import { RecordingOutbox } from './recording-outbox.ts';
import { noSlices } from '../turns.ts';

/** What a test may replace. */
interface Given {
  readonly apps?: ReturnType<typeof application>[];
  readonly metrics?: Partial<Metrics>;
  readonly log?: Partial<Log>;
  readonly slots?: ConnectionSlots;
  readonly turns?: FairTurns;
  readonly admissions?: Admissions;
  readonly witness?: Witness;
  readonly slicing?: ReturnType<typeof noSlices>;
  /** Wraps the in-memory ledger. */
  readonly ledger?: (memory: MemoryLedger) => Ledger;
}

/** One client of the stage, and its commands. */
export class Actor {
  readonly socket: FakeSocket;
  readonly session: Session;
  readonly #hub: Hub;

  constructor(hub: Hub, socket: FakeSocket, session: Session) {
    this.#hub = hub;
    this.socket = socket;
    this.session = session;
  }

  get id(): SocketId {
    return this.session.socketId;
  }

  send(frame: unknown): void {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    if (this.#hub.accepts(this.session, Buffer.byteLength(text))) this.#hub.receive(this.session, text);
  }

  /** Subscribes with what the kind of channel requires. */
  subscribe(channel: string, member?: object): void {
    const channelData = member && JSON.stringify(member);
    const auth = authFor(this.id, channel, channelData, this.session.app.config);
    this.send({ event: 'pusher:subscribe', data: { channel, auth, channel_data: channelData } });
  }

  /** Subscribes and takes the confirmation. */
  join(channel: string, member?: object): this {
    this.subscribe(channel, member);
    const [welcome] = this.socket.takeFrames();
    expect(welcome).toMatchObject({ event: 'pusher_internal:subscription_succeeded', channel });
    return this;
  }

  /** Signs in. An object becomes its JSON. */
  signIn(user: object | string): void {
    const userData = typeof user === 'string' ? user : JSON.stringify(user);
    const auth = userAuthFor(this.id, userData, this.session.app.config);
    this.send({ event: 'pusher:signin', data: { auth, user_data: userData } });
  }

  /** Signs in and takes the answer. */
  enter(user: object): this {
    this.signIn(user);
    const [welcome] = this.socket.takeFrames();
    expect(welcome).toMatchObject({ event: 'pusher:signin_success' });
    return this;
  }

  unsubscribe(channel: string): void {
    this.send({ event: 'pusher:unsubscribe', data: { channel } });
  }

  trigger(channel: string, data: unknown, event = 'client-typing'): void {
    this.send({ event, channel, data });
  }

  /** The network reports that the connection is gone. */
  vanish(): void {
    this.socket.cut();
    this.#hub.closed(this.session);
  }
}

/** A hub on fakes: a whole node except for its transport and its deliveries. */
export function hubStage({
  apps = [application()],
  metrics = {},
  log = {},
  slots,
  turns,
  admissions,
  witness,
  ledger: before,
  slicing = noSlices(),
}: Given = {}) {
  const clock = new FakeClock(1000);
  const node = new FakeNode();
  const outbox = new RecordingOutbox();
  const localApps = new LocalApps(apps);
  const fanout = createLocalDelivery({
    clock,
    apps: localApps,
    publishTopic: node.publish,
    end: (session, error) => hub.end(session, error),
  });
  const memory = new MemoryLedger({
    ...slicing,
    clock,
    outbox,
    metrics: noMetrics,
    ...createNotifier(localApps, node.publish, fanout),
    wake: () => {},
    countSubscribers: (appId, channel) => localApps.byId(appId)?.registry.subscribers(channel) ?? 0,
    cacheTtlMs: 1_800_000,
  });
  const ledger = before?.(memory) ?? memory;
  let connected = 0;
  const completeLog = { ...silentLog, ...log };
  const refusals = new RefusalLog({
    clock,
    log: completeLog,
    metrics: { ...noMetrics, ...metrics },
    isApp: (appId) => localApps.byId(appId) !== undefined,
  });
  const hub: Hub = new Hub({
    slices: slicing.slices,
    apps: localApps,
    log: completeLog,
    refused: refusals.refused,
    counts: new SubscriptionCounts({ clock, fanout, outbox }),
    clock,
    livenessClock: clock,
    ledger,
    outbox,
    fanout,
    metrics: { ...noMetrics, ...metrics },
    ids: { socketId: () => `1.${(connected += 1)}` as SocketId },
    grace: { disconnectMs: 3000, unsubscribeMs: 3000, shutdownMs: 3000 },
    activityTimeoutMs: 120_000,
    ...(slots && { slots }),
    ...(turns && { turns }),
    ...(admissions && { admissions }),
    ...(witness && { witness }),
  });
  return {
    clock,
    node,
    outbox,
    fanout,
    hub,
    memory,
    apps: localApps,
    /** A client that has connected and received the confirmation. */
    connect(key = 'app-key'): Actor {
      const socket = node.socket();
      const session = hub.open(socket, greeting(key));
      if (session === undefined) throw new Error('rejected');
      expect(socket.takeFrames()).toHaveLength(1);
      return new Actor(hub, socket, session);
    },
    /** Advances the time, and reports everyone whose grace period is over. */
    async advance(ms: number): Promise<void> {
      await clock.advance(ms);
      memory.sweep();
    },
  };
}
