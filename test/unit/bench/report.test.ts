import { describe, expect, test } from 'vitest';
import { nothingLost, type Sample } from '../../../bench/load/measure/sample.ts';
import { slopeOf, spreadOf } from '../../../bench/load/measure/spread.ts';
import { coresFor } from '../../../bench/load/measure/cpu.ts';
import { readTrace } from '../../../bench/load/measure/syscalls.ts';
import { connectionsOfWorkers, unevenness } from '../../../bench/load/measure/workers.ts';
import { commandOf } from '../../../bench/load/report/facts.ts';
import { renderPage } from '../../../bench/load/report/page.ts';
import type { BenchResult, CaseResult, TargetResult } from '../../../bench/load/report/result.ts';
import { hasFaults, summarize, verdictOf } from '../../../bench/load/report/summary.ts';
import { formatCase } from '../../../bench/load/report/table.ts';
import { countsOf } from '../../../bench/load/servers/redis.ts';

function sample(cpuMicros: number, changes: Partial<Sample> = {}): Sample {
  const cpu = { serverCpuSeconds: cpuMicros / 1000, driverCpuSeconds: 0.1 };
  return { ...nothingLost, operations: 1000, seconds: 1, ...cpu, ...changes };
}

function target(name: string, samples: readonly Sample[], fault: string | null = null): TargetResult {
  return { target: name, samples, systemCalls: null, fault };
}

function measured(targets: readonly TargetResult[], changes: Partial<CaseResult> = {}): CaseResult {
  const plain = { name: 'a case', operation: 'delivery', judge: null, wanted: null, scale: null };
  return { ...plain, targets, ...changes };
}

function run(cases: readonly CaseResult[]): BenchResult {
  const facts = {
    at: '2026-01-02T03:04:05.000Z',
    command: 'npm run bench --',
    commit: null,
    node: 'v20',
    machine: { cpu: 'a <cpu>', cores: 2, memoryMb: 1024, kernel: 'linux', loadBefore: 0 },
    placement: 'apart',
    rounds: 3,
    seconds: 1,
    targets: [{ name: 'emulator', version: '1' }],
  };
  return { facts, scenarios: [{ name: 'a', question: 'b?', notes: [], cases }], leftOut: [] };
}

describe('the report of the bench', () => {
  test('compares medians with those of the floor', () => {
    const emulator = target('emulator', [sample(2), sample(8), sample(4)]);
    const [own, floor] = summarize(measured([emulator, target('raw', [sample(2)])]));
    expect(own?.judged).toEqual({ median: 4, min: 2, max: 8 });
    expect(own?.timesFloor).toBe(2);
    expect(floor?.timesFloor).toBeNull();
  });

  test('compares a variant with TLS with the floor that speaks TLS, or with nothing', () => {
    const own = target('emulator+tls', [sample(6)]);
    expect(summarize(measured([own, target('raw', [sample(2)])]))[0]?.timesFloor).toBeNull();
    expect(summarize(measured([own, target('raw+tls', [sample(3)])]))[0]?.timesFloor).toBe(2);
  });

  test('judges by the figure that the case names', () => {
    const figures = [{ name: 'KB', value: 3.5 }];
    const result = measured([target('emulator', [sample(1, { figures })])], {
      judge: 'KB',
      wanted: { atMost: 3 },
    });
    const [own] = summarize(result);
    expect(own && verdictOf(result, own)).toEqual({ wanted: '≤ 3', isMet: false });
  });

  test('compares with a target that the case names, for each variant', () => {
    const wanted = { timesOther: { target: 'soketi', atMost: 0.9 } };
    const targets = ['emulator', 'soketi', 'emulator+tls', 'soketi+tls'].map((name, index) =>
      target(name, [sample([8, 10, 9, 15][index] ?? 0)]),
    );
    const result = measured(targets, { wanted });
    const [own, rival, withTls] = summarize(result);
    expect(own?.timesRival).toBe(0.8);
    expect(rival?.timesRival).toBeNull();
    expect(withTls?.timesRival).toBe(0.6);
    expect(own && verdictOf(result, own)).toEqual({ wanted: '≤ 0.9 × soketi', isMet: true });
    expect(formatCase(result)).toContain('× soketi');
  });

  test('judges a variant instead of the plain target if a bound names it', () => {
    const wanted = { of: 'emulator+workers2', timesOther: { target: 'emulator', atMost: 1.1 } };
    const targets = [target('emulator', [sample(10)]), target('emulator+workers2', [sample(12)])];
    const result = measured(targets, { wanted });
    const [one, two] = summarize(result);
    expect(one && verdictOf(result, one)).toBeNull();
    expect(two && verdictOf(result, two)).toEqual({ wanted: '≤ 1.1 × emulator', isMet: false });
  });

  test('compares with Sockudo if it was measured and no other target is named', () => {
    const [own] = summarize(measured([target('emulator', [sample(6)]), target('sockudo', [sample(2)])]));
    expect(own?.timesRival).toBe(3);
  });

  test('leaves a bound open that depends on a missing measurement of the floor', () => {
    const result = measured([target('emulator', [sample(1)])], { wanted: { timesRaw: 1.05 } });
    const [own] = summarize(result);
    expect(own && verdictOf(result, own)).toEqual({ wanted: '≤ 1.05 × raw', isMet: null });
  });

  test('reports what the emulator lost as an error, but not what others lost', () => {
    expect(hasFaults(run([measured([target('emulator', [sample(1)])])]))).toBe(false);
    expect(hasFaults(run([measured([target('emulator', [sample(1, { missing: 1 })])])]))).toBe(true);
    expect(hasFaults(run([measured([target('emulator', [], 'it ended')])]))).toBe(true);
    expect(hasFaults(run([measured([target('soketi', [sample(1, { missing: 1 })])])]))).toBe(false);
  });

  test('prints on the terminal why a target has no figures', () => {
    const text = formatCase(
      measured([target('emulator', [sample(1)]), target('url', [], 'connection refused')]),
    );
    expect(text).toContain('url failed: connection refused');
  });

  test('names the command without the folders of the machine', () => {
    expect(commandOf(['--sockudo', '/home/me/bin/sockudo', '--only', 'a/b'])).toBe(
      'npm run bench -- --sockudo sockudo --only a/b',
    );
  });

  test('lists the cases in which a peer is better', () => {
    const lost = measured([target('emulator', [sample(4)]), target('sockudo', [sample(2)])], {
      name: 'lost',
    });
    const won = measured([target('emulator', [sample(1)]), target('sockudo', [sample(2)])], { name: 'won' });
    const { facts, ...rest } = run([lost, won]);
    const targets = [...facts.targets, { name: 'sockudo', version: '5' }];
    const page = renderPage({ ...rest, facts: { ...facts, targets } });
    expect(page).toContain('<b>sockudo</b> is better than the emulator in 1 of 2 cases: a: lost.');
    expect(page).not.toContain('<b>soketi</b>');
  });

  test('is a page that fetches nothing and escapes text', () => {
    const latency = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5, curve: [[50, 1]] as const, count: 1 };
    const page = renderPage(
      run([measured([target('emulator', [sample(1, { latency })])], { name: '<b>x' })]),
    );
    expect(page).not.toMatch(/src=|href="(?!#)|url\(|@import|<script|<b>x|a <cpu>/);
    expect(page).toContain('&#60;b&#62;x');
  });
});

describe('the arithmetic of the bench', () => {
  test('takes the middle of an even number of rounds', () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  test('finds the slope of a line', () => {
    const points = [0, 1, 2, 3].map((x) => [x, 5 + 2 * x] as const);
    expect(slopeOf(points)).toBeCloseTo(2);
  });

  test('gives the driver a core of its own as long as one is left', () => {
    expect(coresFor(1, 2)).toEqual({ server: '0', driver: '1', isShared: false });
    expect(coresFor(2, 4)).toEqual({ server: '0-1', driver: '2', isShared: false });
    expect(coresFor(2, 2)).toEqual({ server: '0-1', driver: '0-1', isShared: true });
  });

  test('reads how many connections each worker has, over all apps', () => {
    const metrics = [
      '# TYPE soketify_connections gauge',
      'soketify_connections{app_id="1",worker="2"} 30',
      'soketify_connections{app_id="1",worker="1"} 10',
      'soketify_connections{app_id="2",worker="1"} 5',
      'soketify_connections_opened_total{app_id="1",worker="1"} 99',
    ].join('\n');
    expect(connectionsOfWorkers(metrics)).toEqual([15, 30]);
    expect(unevenness([15, 30])).toBeCloseTo(4 / 3);
    expect(connectionsOfWorkers('soketify_connections{app_id="1"} 3')).toEqual([]);
    expect(unevenness([])).toBeNaN();
  });

  test('counts the commands of Redis, with scripts and publishes separately', () => {
    const info = [
      '# Commandstats',
      'cmdstat_evalsha:calls=12,usec=340,usec_per_call=28.33,rejected_calls=0,failed_calls=0',
      'cmdstat_spublish:calls=5,usec=10,usec_per_call=2.00,rejected_calls=0,failed_calls=0',
      'cmdstat_client|id:calls=2,usec=4,usec_per_call=2.00,rejected_calls=0,failed_calls=0',
    ].join('\r\n');
    expect(countsOf(info)).toEqual({ calls: 19, scripts: 12, scriptMicros: 340, published: 5 });
  });

  test('reads what strace counted, with and without errors', () => {
    const text = [
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      ' 93.10    0.052310          12      3000           write',
      '  6.90    0.003877           4      1000       210 read',
      '------ ----------- ----------- --------- --------- ----------------',
      '100.00    0.056187           9      4000       210 total',
    ].join('\n');
    expect(readTrace(text, 2000)).toEqual({
      perOperation: 2,
      most: [
        ['write', 1.5],
        ['read', 0.5],
      ],
    });
    expect(readTrace('strace: attach: Operation not permitted', 2000)).toBeNull();
  });
});
