import type { DeliveryDetail, EventView } from '../../../src/views/deliveries.ts';
import type { ConsoleRow, OverviewView, SelfView } from '../../../src/views/server.ts';
import type { AppView, KeyPairView, Role } from '../../../src/views/settings.ts';
import { appFixtures } from './fixtures/apps.ts';
import { channelNames } from './fixtures/channels.ts';
import { consoleRow } from './fixtures/console.ts';
import { deliveryFixture } from './fixtures/deliveries.ts';
import { eventFixture } from './fixtures/events.ts';
import { droppedFixtures } from './fixtures/dropped.ts';
import type { DroppedDelivery, Recovery } from '../../../src/views/dead-letters.ts';

/** The kind of server that the mock imitates. */
export interface MockOptions {
  readonly production?: boolean;
  readonly view?: boolean;
  readonly login?: boolean;
  readonly clock?: boolean;
  readonly empty?: boolean;
}

/** The state of the mock. */
export class MockState {
  readonly startedAtMs = Date.now() - 3 * 3_600_000;
  readonly apps: AppView[];
  readonly deliveries: DeliveryDetail[] = [];
  readonly events: EventView[] = [];
  readonly rows: ConsoleRow[] = [];
  readonly dropped: DroppedDelivery[];
  readonly channels: readonly string[];
  readonly secrets = new Map<string, KeyPairView[]>();
  readonly recoveries = new Map<string, Recovery>();
  readonly options: MockOptions;
  role: Role;
  readonly needsLogin: boolean;
  isOpen: boolean;
  virtualMs = 12_000;
  settingsVersion = 0;
  private seq = 0;

  constructor(options: MockOptions) {
    this.options = options;
    this.role = options.view === true ? 'view' : 'full';
    this.needsLogin = options.login === true;
    this.isOpen = !this.needsLogin;
    const isEmpty = options.empty === true;
    this.apps = appFixtures(Date.now()).slice(0, isEmpty ? 1 : undefined);
    if (isEmpty)
      this.apps[0] = { ...(this.apps[0] as AppView), endpoints: [], connections: 0, occupiedChannels: 0 };
    for (const app of this.apps)
      this.secrets.set(
        app.id,
        app.keys.map(({ key }) => ({ key, secret: `secret-of-${key}-6d1f0c9ab4` })),
      );
    this.channels = isEmpty ? [] : channelNames(10_000);
    this.dropped = isEmpty ? [] : droppedFixtures(Date.now());
    if (isEmpty) return;
    for (let index = 120; index > 0; index -= 1) {
      this.deliveries.unshift(deliveryFixture(index, Date.now() - index * 17_000));
      this.events.unshift(eventFixture(index, Date.now() - index * 17_000));
    }
    for (let index = 300; index > 0; index -= 1) this.addRow(Date.now() - index * 4100);
  }

  /** Adds a row to the console. */
  addRow(atMs = Date.now()): ConsoleRow {
    this.seq += 1;
    const row = consoleRow(this.seq, atMs);
    this.rows.push(row);
    if (this.rows.length > 2000) this.rows.shift();
    return row;
  }

  /** Adds a delivery. */
  addDelivery(): void {
    const index = this.deliveries.length + 1000;
    this.deliveries.unshift(deliveryFixture(index, Date.now() - 40));
    this.events.unshift(eventFixture(index, Date.now() - 40));
  }

  self(): SelfView {
    return {
      version: '0.2.0',
      role: this.role,
      isProduction: this.options.production === true,
      kept: this.options.clock === true ? 'memory' : 'disk',
      savedIn: this.options.clock === true ? 'memory' : 'disk',
      epoch: '01JDQK6V8R',
      starts: 4,
      lastEnd: { how: 'killed', downMs: 2300 },
      startedAtMs: this.startedAtMs,
      nowMs: Date.now(),
      showsPayloads: true,
      ...(this.options.clock === true && { clock: { mode: 'virtual' as const, nowMs: this.virtualMs } }),
      address: { host: '127.0.0.1', port: 6001, path: '', isTls: false },
      notes: [],
    };
  }

  overview(hasSeries: boolean): OverviewView {
    const isEmpty = this.options.empty === true;
    const some = (value: number) => (isEmpty ? 0 : value);
    const wave = (base: number, swing: number) =>
      Array.from({ length: 60 }, (_, index) =>
        some(Math.max(0, Math.round(base + swing * Math.sin(index / 6) + (index % 7) - 3))),
      );
    return {
      nowMs: Date.now(),
      connections: some(1284 + (Math.floor(Date.now() / 2000) % 7)),
      occupiedChannels: some(10_000),
      members: some(612),
      rates: {
        published: some(48.2),
        received: some(131),
        delivered: some(22.4),
        failed: some(0.4),
        dropped: 0,
        refused: some(0.2),
      },
      webhooks: {
        waiting: some(37),
        bytes: some(18_400),
        ...(!isEmpty && { oldestAgeMs: 41_000 }),
        failing: isEmpty
          ? []
          : [{ appId: 'shop', endpoint: 'analytics', url: 'https://analytics.example.com/hooks/soketify' }],
        underWay: some(3),
      },
      health: [
        { name: 'Store on disk', isGood: true, text: 'Written 0.4 s ago; 18 GB free.' },
        { name: 'Room for clients', isGood: true, text: '1,284 of 16,000 connections.' },
      ],
      refusals: isEmpty
        ? []
        : [
            { kind: 'message', reason: 'client event rate', count: 412 },
            { kind: 'connection', reason: 'unknown app key', count: 38 },
            { kind: 'request', reason: 'wrong signature', count: 6 },
          ],
      ...(hasSeries && {
        series: {
          stepMs: 60_000,
          endMs: Date.now(),
          connections: wave(1280, 60),
          published: wave(2900, 800),
          received: wave(7800, 1200),
          delivered: wave(1340, 240),
          failed: wave(4, 5),
          dropped: wave(0, 1),
          refused: wave(10, 6),
        },
      }),
    };
  }
}
