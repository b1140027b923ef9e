import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkDrops, checkHttp, checkReplay, checkView, readDrops } from '../checks.ts';
import { removeFolder, temporaryFolder } from '../children.ts';
import { usualActions, type World } from '../client.ts';
import { ClientGroup } from '../client-group.ts';
import { Disturbances } from '../disturbances.ts';
import { Findings } from '../findings.ts';
import { Journal } from '../journal.ts';
import { probeCaches, probeFanOut } from '../probes.ts';
import { Publisher } from '../publisher.ts';
import { Random } from '../random.ts';
import type { Outcome } from '../report.ts';
import { rest } from '../rest.ts';
import { startReceivers } from '../run.ts';
import { channelsFor } from '../settings.ts';
import { Truth } from '../truth.ts';
import { checkClientEvents, ClientEvents } from './client-events.ts';
import { planKills, type PlannedKill } from './kill-plan.ts';
import { figuresOf } from './figures.ts';
import { Killer } from './killer.ts';
import { Moments } from './moments.ts';
import { MortalNode } from './mortal-node.ts';
import { checkSameHistory } from './same-history.ts';
import { SmallDisk } from './small-disk.ts';
import { timingOf } from './timing.ts';
import { Troubles } from './troubles.ts';
import { Writing } from './writing.ts';

/** The options of a run. */
export interface SingleOptions {
  readonly kills: number;
  readonly seed: number;
  readonly clients: number;
  /** The time scale. 1 is the program's default timing. */
  readonly scale: number;
  /** Worker threads. Default: 1. */
  readonly workers?: number;
  /**
   * Whether writes may be made to fail by a resource limit where no small disk can be mounted. LMDB 3.5.6 may
   * crash in that case.
   */
  readonly mayLimit: boolean;
  /** Called with each line of each run's log. */
  readonly onLine?: (run: string, line: string) => void;
  /** Called with each step of the run. */
  readonly onStep?: (step: string) => void;
}

/** After this many kills the run settles and is compared, so that a divergence is found near its cause. */
const killsInRound = 40;
/** Extra time for pending work, beyond the grace periods. */
const furtherQuietMs = 700;

/** Kills a node with a store on disk repeatedly, and compares everyone's beliefs with the truth. */
export async function runSingle(options: SingleOptions): Promise<Outcome> {
  const { onStep: log = () => {}, onLine = () => {}, scale, seed, workers = 1 } = options;
  const random = new Random(seed);
  const timing = timingOf(scale);
  const planned = planKills(random.fork(), options.kills, timing);
  const [journal, disturbances, truth] = [new Journal(), new Disturbances(), new Truth()];
  const [moments, writing, clientEvents] = [new Moments(), new Writing(), new ClientEvents()];
  const folder = temporaryFolder();
  const diskFolder = join(folder, 'disk');
  mkdirSync(diskFolder);
  const disk = new SmallDisk(diskFolder);
  const receivers = await startReceivers(journal);
  for (const receiver of receivers) {
    receiver.watch = {
      onReceived: () => moments.notify('received'),
      onAnswered: (isAccepted) => moments.notify(isAccepted ? 'accepted' : 'rejected'),
    };
  }
  const node = new MortalNode({
    folder,
    storePath: join(diskFolder, 'store'),
    endpoints: receivers,
    timing,
    workers,
    moments,
    onCrash: (how) => journal.problem(how),
    onLine(run, line) {
      writing.read(line);
      onLine(run, line);
    },
  });
  const channels = channelsFor(options.clients);
  const findings = new Findings(journal);
  const world: World = {
    channels,
    truth,
    journal,
    live: () => node.live,
    habits: {
      pace: 0.25,
      actions: { ...usualActions, 'client event': 40 },
      awayMs: (from) => (from.next() < 0.4 ? from.below(100) : from.below(timing.longestAwayMs)),
      onRequest: () => moments.notify('requested'),
      onClientEvent(channel, data) {
        clientEvents.record(channel, data, node.name);
        moments.notify('client-event');
      },
    },
  };
  // A request to a killed process cannot take effect later.
  const publisher = new Publisher(random.fork(), world, {
    doubtMs: 0,
    onAnswered: () => moments.notify('published'),
  });
  const group = new ClientGroup(options.clients, random.fork(), world);
  const killer = new Killer({
    node,
    disk,
    moments,
    writing,
    journal,
    onUnwritten(period, run) {
      clientEvents.allowLoss(period);
      publisher.mayLoseSince(period.from, run);
    },
    async afterPublish() {
      journal.count('caches checked after a kill');
      await publisher.silently(async () => {
        findings.add(await probeCaches(node.live, channels, publisher), `after kill ${killer.kills}`);
      });
    },
  });
  const troubles = new Troubles({
    random: random.fork(),
    receivers,
    disk,
    node,
    mayLimit: options.mayLimit,
    disturbances,
    journal,
  });
  const quietMs = timing.restartGraceMs + timing.graceMs + furtherQuietMs;
  const nodes = {
    get live() {
      return node.live;
    },
    get isComplete() {
      return node.live.length === 1 && !writing.isFailing;
    },
  };
  const resting = { nodes, receivers, truth, journal, quietMs };

  const compare = async (): Promise<void> => {
    const when = `after kill ${killer.kills}`;
    for (const receiver of receivers) {
      findings.add(checkReplay(receiver, { truth, disturbances, journal }).divergences, when);
      findings.add(checkClientEvents(receiver), when);
      for (const live of node.live) {
        const missing = clientEvents.missingAt(receiver, await readDrops(live), (atMs) =>
          journal.stamp(atMs),
        );
        findings.add(missing, when);
      }
    }
    for (const live of node.live) {
      findings.add(checkSameHistory(receivers, await readDrops(live)), when);
      findings.add(await checkHttp(live, truth), when);
      findings.add(await checkDrops(live), when);
    }
  };
  const round = async (kills: readonly PlannedKill[]): Promise<void> => {
    log(`kills ${killer.kills + 1} to ${killer.kills + kills.length}`);
    group.act();
    const going = [publisher.run(), troubles.run()];
    try {
      for (const one of kills) await killer.kill(one);
      await killer.start();
    } finally {
      publisher.stop();
      troubles.stop();
      await Promise.all(going);
    }
    log('waiting until everything settles');
    group.keep();
    await rest({ ...resting, isSettled: () => group.isSettled });
    log('comparing');
    await compare();
    const when = `after kill ${killer.kills}`;
    for (const client of group.clients) findings.add(checkView(client, truth), when);
    findings.add(await probeFanOut(node.live, group.clients), when);
    findings.add(await probeCaches(node.live, channels, publisher), when);
  };
  try {
    group.start();
    for (let at = 0; at < planned.length; at += killsInRound) {
      if (at > 0) await killer.end();
      await round(planned.slice(at, at + killsInRound));
    }
    log('leaving');
    await group.leave();
    await rest({ ...resting, isSettled: () => truth.belief().occupied.size === 0 });
    await compare();
  } catch (error) {
    journal.problem(`The run was aborted: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    group.stop();
    const fault = await node.stop();
    if (fault !== undefined) journal.problem(fault);
    for (const receiver of receivers) await receiver.close();
    disk.remove();
    removeFolder(folder);
  }
  const logs = new Map(node.runs.map((run) => [run.name, run.lines]));
  const figures = figuresOf({ options, killer, node, clientEvents, writing, receivers, disk });
  return { seed, figures, findings, journal, disturbances, receivers, logs };
}
