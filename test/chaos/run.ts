import { setTimeout as pause } from 'node:timers/promises';
import { readQueue } from './api.ts';
import { checkDrops, checkHttp, checkReplay, checkView } from './checks.ts';
import { removeFolder, temporaryFolder, waitUntil } from './children.ts';
import type { World } from './client.ts';
import { Crowd } from './crowd.ts';
import { Disturbances } from './disturbances.ts';
import { FaultRunner, type Stage } from './fault-runner.ts';
import { Findings } from './findings.ts';
import { Fleet } from './fleet.ts';
import { Journal } from './journal.ts';
import { planRun, type FaultKind, type Plan } from './plan.ts';
import { probeCaches, probeFanOut } from './probes.ts';
import { Publisher } from './publisher.ts';
import { Random } from './random.ts';
import { Receiver } from './receiver.ts';
import { startRedis } from '../support/redis/server.ts';
import { channelsFor, graceMs, leaseMs } from './settings.ts';
import { Truth } from './truth.ts';

/** What is asked of a run. */
export interface RunOptions {
  /** How long clients act and faults happen; coming to rest and the checks take further time. */
  readonly seconds: number;
  readonly seed: number;
  /** One keeps its state in memory, several share a Redis. */
  readonly nodes: number;
  readonly clients: number;
  readonly faults: readonly FaultKind[];
  /** Sees each line of each node's log. */
  readonly onLine?: (node: string, line: string) => void;
  /** Is told what the run does now. */
  readonly onStep?: (step: string) => void;
}

/** What a run has shown. */
export interface Outcome {
  readonly options: RunOptions;
  readonly findings: Findings;
  readonly journal: Journal;
  readonly disturbances: Disturbances;
  readonly receivers: readonly Receiver[];
  /** The last lines of the nodes' logs, by node. */
  readonly logs: ReadonlyMap<string, readonly string[]>;
}

/** After this without a webhook or a change nothing is on its way any more. */
const quietMs = leaseMs + graceMs + 1000;
const restPatienceMs = 90_000;

/** Runs the program under faults, and compares what everybody believes in the end with what is true. */
export async function runChaos(options: RunOptions): Promise<Outcome> {
  const { onStep: tell = () => {} } = options;
  const random = new Random(options.seed);
  const plan = planRun(random.fork(), options.faults, options.seconds * 1000);
  const journal = new Journal();
  const disturbances = new Disturbances();
  const truth = new Truth();
  const folder = temporaryFolder();
  const redis = options.nodes > 1 ? await startRedis({ persistent: true }) : undefined;
  const receivers = await startReceivers(journal);
  const fleet = new Fleet({
    size: options.nodes,
    folder,
    endpoints: receivers,
    redisUrl: redis?.url,
    journal,
    onLine: options.onLine ?? (() => {}),
  });
  const channels = channelsFor(options.clients);
  const world: World = { channels, truth, journal, live: () => fleet.live };
  const publisher = new Publisher(random.fork(), world);
  const crowd = new Crowd(options.clients, random.fork(), world);
  const stage: Stage = { fleet, redis, receivers, publisher, disturbances, journal };
  const findings = new Findings(journal);

  const compare = async () => {
    tell('comparing');
    findings.reordered = 0;
    findings.excused = 0;
    for (const receiver of receivers) {
      const { divergences, reordered, excused } = checkReplay(receiver, { truth, disturbances, journal });
      findings.add(divergences);
      findings.reordered += reordered;
      findings.excused += excused;
    }
    for (const node of fleet.live) findings.add(await checkHttp(node, truth));
  };
  try {
    tell('starting');
    await fleet.start();
    tell(`acting for ${options.seconds} s`);
    await act(stage, crowd, plan, options.seconds);
    tell('coming to rest');
    crowd.keep();
    await rest(stage, truth, () => crowd.isSettled);
    await compare();
    for (const client of crowd.clients) findings.add(checkView(client, truth));
    findings.add(await probeFanOut(fleet.live, crowd.clients));
    findings.add(await probeCaches(fleet.live, channels, publisher));
    tell('leaving');
    await crowd.leave();
    await rest(stage, truth, () => truth.belief().occupied.size === 0);
    await compare();
    if (disturbances.lostUntil < 0) for (const node of fleet.live) findings.add(await checkDrops(node));
  } catch (error) {
    journal.problem(`The run broke off: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    publisher.stop();
    crowd.stop();
    await fleet.stop();
    for (const receiver of receivers) await receiver.close();
    await redis?.stop();
    removeFolder(folder);
  }
  const logs = new Map(fleet.all.map((node) => [node.name, node.lines]));
  return { options, findings, journal, disturbances, receivers, logs };
}

async function startReceivers(journal: Journal): Promise<Receiver[]> {
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

/** Clients act, a backend publishes, and faults and storms happen as planned. Ends when all faults are over. */
async function act(stage: Stage, crowd: Crowd, plan: Plan, seconds: number): Promise<void> {
  const runner = new FaultRunner(stage);
  const startedAt = Date.now();
  const at = async (atMs: number, begin: () => Promise<void> | void) => {
    await pause(Math.max(0, startedAt + atMs - Date.now()));
    await begin();
  };
  crowd.start();
  const published = stage.publisher.run();
  const storm = (planned: Plan['storms'][number]) => {
    stage.journal.count('storms');
    crowd.storm(planned);
  };
  await Promise.all([
    pause(seconds * 1000),
    ...plan.faults.map((fault) => at(fault.atMs, () => runner.run(fault))),
    ...plan.storms.map((planned) => at(planned.atMs, () => storm(planned))),
  ]);
  stage.publisher.stop();
  await published;
}

/** Waits until nothing changes any more, nothing is left to deliver, and every endpoint is up. */
async function rest(stage: Stage, truth: Truth, isSettled: () => boolean): Promise<void> {
  const { fleet, receivers, journal } = stage;
  let missing = '';
  const isAtRest = async (): Promise<boolean> => {
    missing = 'some node is down';
    if (!fleet.isComplete) return false;
    missing = 'some client waits for an answer';
    if (!isSettled()) return false;
    missing = 'something still changes';
    const lastAt = Math.max(truth.changedAt, ...receivers.map(({ lastRequestAt }) => lastRequestAt));
    if (Date.now() - lastAt < quietMs) return false;
    missing = 'some node cannot be asked for its queue';
    const queues = await Promise.all(fleet.live.map(readQueue)).catch(() => undefined);
    if (queues === undefined) return false;
    missing = 'some node has webhooks to deliver';
    return queues.every(({ events, isFailing }) => events === 0 && !isFailing);
  };
  const isResting = await waitUntil(isAtRest, restPatienceMs, 250);
  if (!isResting) journal.problem(`No rest within ${restPatienceMs / 1000} s: ${missing}`);
}
