import { setTimeout as pause } from 'node:timers/promises';
import { checkDrops, checkHttp, checkReplay, checkView } from './checks.ts';
import { removeFolder, temporaryFolder } from './children.ts';
import type { World } from './client.ts';
import { ClientGroup } from './client-group.ts';
import { Disturbances } from './disturbances.ts';
import { FaultRunner, type Stage } from './fault-runner.ts';
import type { Figure } from './figures.ts';
import { Findings } from './findings.ts';
import { Fleet } from './fleet.ts';
import { Journal } from './journal.ts';
import type { Outcome } from './report.ts';
import { planRun, type FaultKind, type Plan } from './plan.ts';
import { probeCaches, probeFanOut } from './probes.ts';
import { Publisher } from './publisher.ts';
import { Random } from './random.ts';
import { Receiver } from './receiver.ts';
import { rest } from './rest.ts';
import { startRedis } from '../support/redis/server.ts';
import { channelsFor, graceMs, leaseMs } from './settings.ts';
import { Truth } from './truth.ts';

/** The options of a run. */
export interface RunOptions {
  /** How long clients act and faults happen, in seconds. Settling and checking take extra time. */
  readonly seconds: number;
  readonly seed: number;
  /** One node keeps its state in memory, several share a Redis. */
  readonly nodes: number;
  /** Worker threads of each node. Default: 1. */
  readonly workers?: number;
  readonly clients: number;
  /** Whether endpoints lose what they do not accept soon, and are reconciled. Default: false. */
  readonly reconcile?: boolean;
  readonly faults: readonly FaultKind[];
  /** Called with each line of each node's log. */
  readonly onLine?: (node: string, line: string) => void;
  /** Called with each step of the run. */
  readonly onStep?: (step: string) => void;
}

/** The time without a webhook or a change after which nothing can be pending. */
const quietMs = leaseMs + graceMs + 1000;

/** Runs the program under faults, and compares the final beliefs of everyone with the truth. */
export async function runChaos(options: RunOptions): Promise<Outcome> {
  const { onStep: log = () => {} } = options;
  const random = new Random(options.seed);
  const plan = planRun(random.fork(), options.faults, options.seconds * 1000);
  const journal = new Journal();
  const disturbances = new Disturbances();
  const truth = new Truth();
  const folder = temporaryFolder();
  const redis = options.nodes > 1 ? await startRedis({ persistent: true }) : undefined;
  const receivers = await startReceivers(journal);
  // An endpoint that is added when many clients are there already.
  const late =
    options.reconcile === true ? [await Receiver.start({ id: 'late', startsWith: '' }, journal)] : [];
  const everyone = [...receivers, ...late];
  const fleet = new Fleet({
    size: options.nodes,
    folder,
    endpoints: receivers,
    redisUrl: redis?.url,
    workers: options.workers,
    reconcile: options.reconcile,
    journal,
    onLine: options.onLine ?? (() => {}),
  });
  const channels = channelsFor(options.clients);
  const world: World = { channels, truth, journal, live: () => fleet.live };
  const publisher = new Publisher(random.fork(), world);
  const group = new ClientGroup(options.clients, random.fork(), world);
  const stage: Stage = { fleet, redis, receivers, publisher, disturbances, journal };
  const findings = new Findings(journal);
  const resting = { nodes: fleet, receivers: everyone, journal, truth, quietMs };

  const isCorrected = options.reconcile === true;
  const compare = async () => {
    log('comparing');
    const sums = { reordered: 0, lost: 0 };
    for (const receiver of everyone) {
      const { divergences, reordered, lost } = checkReplay(receiver, {
        truth,
        disturbances,
        journal,
        isCorrected,
      });
      findings.add(divergences);
      sums.reordered += reordered;
      sums.lost += lost;
    }
    findings.allowed = allowedFigures(sums);
    for (const node of fleet.live) findings.add(await checkHttp(node, truth));
  };
  try {
    log('starting');
    await fleet.start();
    log(`acting for ${options.seconds} s`);
    await Promise.all([
      act(stage, group, plan, options.seconds),
      late.length > 0 && pause(options.seconds * 500).then(() => fleet.reconfigure(everyone)),
    ]);
    log('waiting until everything settles');
    group.keep();
    await rest({ ...resting, isSettled: () => group.isSettled });
    await compare();
    for (const client of group.clients) findings.add(checkView(client, truth));
    findings.add(await probeFanOut(fleet.live, group.clients));
    findings.add(await probeCaches(fleet.live, channels, publisher));
    log('leaving');
    await group.leave();
    await rest({ ...resting, isSettled: () => truth.belief().occupied.size === 0 });
    await compare();
    if (disturbances.lostUntil < 0) for (const node of fleet.live) findings.add(await checkDrops(node));
  } catch (error) {
    journal.problem(`The run was aborted: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    publisher.stop();
    group.stop();
    await fleet.stop();
    for (const receiver of everyone) await receiver.close();
    await redis?.stop();
    removeFolder(folder);
  }
  const logs = new Map(fleet.all.map((node) => [node.name, node.lines]));
  const { nodes, clients, seconds, seed } = options;
  const figures = [
    { what: 'seed', figure: seed, legend: 'to repeat the plan of this run, use --seed' },
    { what: 'nodes', figure: nodes, legend: 'running at the same time' },
    { what: 'clients', figure: clients, legend: 'joining, leaving and reconnecting' },
    { what: 'seconds', figure: seconds, legend: 'in which clients acted and faults happened' },
  ];
  return { seed, figures, findings, journal, disturbances, receivers: everyone, logs };
}

/** Deviations that docs/architecture/nodes.md allows for several nodes. */
function allowedFigures({ reordered, lost }: { reordered: number; lost: number }): Figure[] {
  return [
    {
      what: 'reordered',
      figure: reordered,
      legend: 'events out of order after another node had taken over; any number is fine',
    },
    {
      what: 'departures lost with all data',
      figure: lost,
      legend: 'departures that only Redis knew when it was emptied; any number is fine',
    },
  ];
}

export async function startReceivers(journal: Journal): Promise<Receiver[]> {
  const receivers: Receiver[] = [];
  for (const setting of [
    { id: 'all', startsWith: '' },
    { id: 'presence', startsWith: 'presence-' },
    { id: 'flaky', startsWith: '' },
  ]) {
    receivers.push(await Receiver.start(setting, journal));
  }
  return receivers;
}

/** Runs clients, a backend, faults and storms as planned. Resolves when all faults are over. */
async function act(stage: Stage, group: ClientGroup, plan: Plan, seconds: number): Promise<void> {
  const runner = new FaultRunner(stage);
  const startedAt = Date.now();
  const at = async (atMs: number, begin: () => Promise<void> | void) => {
    await pause(Math.max(0, startedAt + atMs - Date.now()));
    await begin();
  };
  group.start();
  const published = stage.publisher.run();
  const storm = (planned: Plan['storms'][number]) => {
    stage.journal.count('storms');
    group.storm(planned);
  };
  await Promise.all([
    pause(seconds * 1000),
    ...plan.faults.map((fault) => at(fault.atMs, () => runner.run(fault))),
    ...plan.storms.map((planned) => at(planned.atMs, () => storm(planned))),
  ]);
  stage.publisher.stop();
  await published;
}
