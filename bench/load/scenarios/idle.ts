import { Subscribers } from '../driver/subscribers.ts';
import { openFilesLimit } from '../measure/cpu.ts';
import { steadyRss } from '../measure/memory.ts';
import { beginSample, nothingLost, type Sample } from '../measure/sample.ts';
import { pause } from '../measure/wait.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';

const channel = 'bench-idle';
const wantedSize = 5000;
/** Until about 15 seconds after a burst of connections, V8 collects garbage once more. That is no cost of silence. */
const settleMs = 20_000;
/** These connections come first, because what a server allocates for its first connections is not a cost of each further one. */
const warmUpConnections = 200;
const size = Math.min(wantedSize, openFilesLimit() - 300);

/** What does a subscribed, silent connection cost? The case for memory starts a new server in each round. */
export const idle: Scenario = {
  name: 'idle',
  question: 'What does a subscribed, silent connection cost?',
  needs: ['own-process'],
  cases: [
    {
      name: `memory of ${size.toLocaleString('en-US')} connections on one channel`,
      operation: 'connection',
      judge: { figure: 'KB of RSS per connection' },
      wanted: { atMost: 3.5 },
      warmUpSeconds: 0,
      open: (bench) => Promise.resolve({ round: () => grow(bench), close: () => Promise.resolve() }),
    },
    {
      name: `CPU while ${size.toLocaleString('en-US')} connections are silent`,
      operation: 'second',
      judge: { figure: 'ms of CPU a second' },
      wanted: { atMost: 0.5 },
      warmUpSeconds: 0,
      open: rest,
    },
  ],
};

async function grow(bench: Bench): Promise<Sample> {
  const target = await bench.start({});
  const first = await Subscribers.join(target, channel, warmUpConnections, 1);
  const before = await steadyRss(target.pid);
  const end = beginSample(target);
  const others = await Subscribers.join(target, channel, size, 1);
  const after = await steadyRss(target.pid);
  const figures =
    before === null || after === null
      ? []
      : [
          { name: 'KB of RSS per connection', value: (after - before) / size / 1024 },
          { name: 'MB of RSS before', value: before / 2 ** 20 },
          { name: 'MB of RSS after', value: after / 2 ** 20 },
        ];
  const sample = end({ ...nothingLost, operations: size, figures, errors: others.dropped + first.dropped });
  await Promise.all([first.close(), others.close()]);
  await target.stop();
  return sample;
}

async function rest(bench: Bench): Promise<Opened> {
  const target = await bench.start({});
  const connected = await Subscribers.join(target, channel, size, 1);
  await pause(settleMs);
  return {
    pid: target.pid,
    round: async (seconds) => {
      const droppedBefore = connected.dropped;
      const end = beginSample(target);
      await pause(seconds * 1000);
      const sample = end({ ...nothingLost, operations: seconds, errors: connected.dropped - droppedBefore });
      const cpu = sample.serverCpuSeconds;
      if (cpu === null) return sample;
      return { ...sample, figures: [{ name: 'ms of CPU a second', value: (cpu * 1000) / sample.seconds }] };
    },
    close: async () => {
      await connected.close();
      await target.stop();
    },
  };
}
