// Measures how long a test waits for the emulator: for the import, the first start, a later start, a reset and the close.
// Each run is a separate process. Prints the medians.
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const runs = 11;
const file = fileURLToPath(import.meta.url);
const options = { clock: 'virtual', apps: [{ webhooks: [{ url: 'http://127.0.0.1:9/' }] }] };

if (process.argv[2] === 'once') {
  const times = {};
  const timed = async (name, work) => {
    const startedAt = performance.now();
    const result = await work();
    times[name] = performance.now() - startedAt;
    return result;
  };
  const { startEmulator } = await timed('import', () => import('../../dist/index.js'));
  const first = await timed('first start', () => startEmulator(options));
  const second = await timed('second start', () => startEmulator(options));
  await first.reset();
  await timed('reset', () => first.reset());
  await timed('close', () => first.close());
  await second.close();
  process.stdout.write(JSON.stringify(times));
} else {
  const all = Array.from({ length: runs }, () => JSON.parse(execFileSync(process.execPath, [file, 'once'])));
  for (const name of Object.keys(all[0])) {
    const sorted = all.map((times) => times[name]).toSorted((a, b) => a - b);
    const [median, worst] = [sorted[Math.floor(runs / 2)], sorted.at(-1)];
    process.stdout.write(`${name.padEnd(14)} ${median.toFixed(1)} ms  (at most ${worst.toFixed(1)} ms)\n`);
  }
}
