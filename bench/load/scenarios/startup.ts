import { steadyRss } from '../measure/memory.ts';
import { runtimePackages } from '../measure/packages.ts';
import { beginSample, nothingLost, type Sample } from '../measure/sample.ts';
import type { Bench, Case, Scenario, Wanted } from '../scenario.ts';

/** How soon is the server ready, and how much memory does it use without connections? Each round starts a new process. */
export const startup: Scenario = {
  name: 'startup',
  question: 'How soon is the server ready, and how much memory does it use without connections?',
  needs: ['own-process'],
  cases: [
    starting('from the start of the process to ready', 'ms until ready', { timesRaw: 1.4 }),
    starting('memory once ready', 'MB of RSS', { atMost: 55 }),
    {
      name: 'packages needed at run time',
      operation: 'installation',
      judge: { figure: 'MB of packages without uWebSockets.js' },
      wanted: { atMost: 25 },
      needs: ['nodes'],
      warmUpSeconds: 0,
      open: () => Promise.resolve({ round: weigh, close: () => Promise.resolve() }),
    },
  ],
};

function starting(name: string, figure: string, wanted: Wanted): Case {
  return {
    name,
    operation: 'start',
    judge: { figure },
    wanted,
    open: (bench) => Promise.resolve({ round: () => start(bench), close: () => Promise.resolve() }),
  };
}

async function start(bench: Bench): Promise<Sample> {
  const end = beginSample();
  const target = await bench.start({});
  const rss = await steadyRss(target.pid);
  const figures = [
    { name: 'ms until ready', value: target.readyMs ?? Number.NaN },
    { name: 'MB of RSS', value: rss === null ? Number.NaN : rss / 2 ** 20 },
  ];
  await target.stop();
  return end({ ...nothingLost, operations: 1, figures });
}

function weigh(): Promise<Sample> {
  const { count, bytes } = runtimePackages();
  const figures = [
    { name: 'MB of packages without uWebSockets.js', value: bytes / 2 ** 20 },
    { name: 'packages', value: count },
  ];
  return Promise.resolve({ ...beginSample()({ ...nothingLost, operations: 1, figures }) });
}
