import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Address } from '../../src/delivery/addresses.ts';
import { Names } from '../../src/delivery/names.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startNameServer, type NameAnswer } from './support/name-server.ts';
import { nextTurn } from '../support/turns.ts';

const one: Address = { address: '192.0.2.1', family: 4 };
const six: Address = { address: '2001:db8:0:0:0:0:0:1', family: 6 };

/** Names that are looked up at a name server of the test, with the test's own files and last resort. */
async function stage(
  answer: (name: string, type: 'A' | 'AAAA') => NameAnswer,
  { hosts = '', resolv = '' }: { readonly hosts?: string; readonly resolv?: string } = {},
) {
  const server = await startNameServer(answer);
  const folder = mkdtempSync(join(tmpdir(), 'soketify-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = { hosts: join(folder, 'hosts'), resolv: join(folder, 'resolv.conf') };
  writeFileSync(files.hosts, hosts);
  writeFileSync(files.resolv, resolv);
  const clock = new FakeClock();
  const lookups: string[] = [];
  const answers: ((addresses: readonly Address[]) => void)[] = [];
  const names = new Names({
    clock,
    servers: [server.address],
    files,
    lookUpInSystem(name, answered) {
      lookups.push(name);
      answers.push(answered);
    },
  });
  onTestFinished(() => {
    for (const answered of answers) answered([]);
    names.close();
  });
  return { names, clock, files, questions: server.questions, lookups, answers };
}

/** Lets the event loop run until the condition holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

describe('a name', () => {
  test('resolves to the addresses from the name servers, in both families', async () => {
    const { names, clock } = await stage(() => ({ v4: ['192.0.2.1'], v6: ['2001:db8::1'] }));
    const addresses = await names.resolve('Hooks.Example.com');
    expect(addresses).toHaveLength(2);
    expect(addresses[0]).toEqual(one);
    expect(addresses[1]).toMatchObject({ family: 6 });
    expect(clock.pending).toBe(0);
  });

  test('is looked up once while the answer is valid, for all callers', async () => {
    const { names, clock, questions } = await stage(() => ({ v4: ['192.0.2.1'], ttl: 20 }));
    await Promise.all([names.resolve('a.test'), names.resolve('a.test'), names.resolve('A.test')]);
    await clock.advance(19_999);
    await names.resolve('a.test');
    expect(questions.filter((question) => question === 'a.test A')).toHaveLength(1);
    await clock.advance(1);
    await names.resolve('a.test');
    expect(questions.filter((question) => question === 'a.test A')).toHaveLength(2);
  });

  test.each([
    [0, 1000],
    [86_400, 30_000],
  ])('with a time to live of %i s is used for %i ms', async (ttl, ms) => {
    const { names, clock, questions } = await stage(() => ({ v4: ['192.0.2.1'], ttl }));
    await names.resolve('a.test');
    await clock.advance(ms - 1);
    await names.resolve('a.test');
    const before = questions.length;
    await clock.advance(1);
    await names.resolve('a.test');
    expect(questions.length).toBeGreaterThan(before);
  });

  test('fails when the time is over, and is looked up again soon', async () => {
    const { names, clock, questions } = await stage(() => 'silence');
    const outcome = names.resolve('a.test').catch((error: unknown) => error);
    await until(() => questions.length > 0);
    await clock.advance(3000);
    expect(await outcome).toMatchObject({ code: 'DNS_TIMEOUT' });
    const before = questions.length;
    expect(await names.resolve('a.test').catch((error: unknown) => error)).toBe(await outcome);
    expect(questions).toHaveLength(before);
    await clock.advance(1000);
    const again = names.resolve('a.test').catch((error: unknown) => error);
    await until(() => questions.length > before);
    names.close();
    expect(await again).toMatchObject({ code: 'DNS_TIMEOUT' });
  });

  test('is resolved by one family soon if the other is never answered', async () => {
    const { names, clock, questions } = await stage((_, type) =>
      type === 'A' ? { v4: ['192.0.2.1'] } : 'silence',
    );
    const addresses = names.resolve('a.test');
    // The deadline and, once there is an address, the wait for the others.
    await until(() => questions.length > 1 && clock.pending > 1);
    await clock.advance(50);
    expect(await addresses).toEqual([one]);
    expect(clock.pending).toBe(0);
  });

  test('waits longer for IPv4 addresses, whose answer may have been lost', async () => {
    let asked = 0;
    const { names, clock, questions } = await stage((_, type) => {
      if (type === 'AAAA') return { v6: ['2001:db8::1'] };
      asked += 1;
      return asked === 1 ? 'silence' : { v4: ['192.0.2.1'] };
    });
    const addresses = names.resolve('a.test');
    await until(() => questions.length > 1 && clock.pending > 1);
    await clock.advance(1499);
    // The second try.
    expect(await addresses).toEqual([one, expect.objectContaining({ family: 6 })]);
  });

  test('with IPv6 addresses is resolved by them if IPv4 is never answered, and is looked up again soon', async () => {
    const { names, clock, questions } = await stage((_, type) =>
      type === 'AAAA' ? { v6: ['2001:db8::1'] } : 'silence',
    );
    const addresses = names.resolve('a.test');
    await until(() => questions.length > 1 && clock.pending > 1);
    await clock.advance(1500);
    expect(await addresses).toEqual([expect.objectContaining({ family: 6 })]);
    await clock.advance(1000);
    const before = questions.length;
    void names.resolve('a.test').catch(() => {});
    await until(() => questions.length > before);
  });

  test('that a server cannot look up fails with that reason', async () => {
    const { names, lookups } = await stage(() => 'failure');
    await expect(names.resolve('a.test')).rejects.toMatchObject({ code: 'DNS_SERVFAIL' });
    expect(lookups).toEqual([]);
  });

  test('with few dots is first completed by the search domains, as in Kubernetes', async () => {
    const { names, questions } = await stage(
      (name) => (name === 'api.default.svc.cluster.local' ? { v4: ['192.0.2.1'] } : 'no such name'),
      { resolv: 'search apps.svc.cluster.local svc.cluster.local cluster.local.\noptions ndots:5\n' },
    );
    expect(await names.resolve('api.default')).toEqual([one]);
    expect(questions.filter((question) => question.endsWith(' A'))).toEqual([
      'api.default.apps.svc.cluster.local A',
      'api.default.svc.cluster.local A',
    ]);
  });

  test.each(['hooks.example.com', 'hooks.example.com.'])(
    'with enough dots is looked up unchanged: %s',
    async (name) => {
      const { names, questions } = await stage(() => ({ v4: ['192.0.2.1'] }), { resolv: 'search corp.test' });
      await names.resolve(name);
      expect(questions.toSorted()).toEqual(['hooks.example.com A', 'hooks.example.com AAAA']);
    },
  );
});

describe('no name server is queried', () => {
  test('for an address', async () => {
    const { names, questions } = await stage(() => 'silence');
    expect(await names.resolve('192.0.2.1')).toEqual([one]);
    expect(await names.resolve('2001:db8:0:0:0:0:0:1')).toEqual([six]);
    expect(questions).toEqual([]);
  });

  test.each(['localhost', 'hooks.localhost', 'LOCALHOST'])('for %s', async (name) => {
    const { names, questions } = await stage(() => 'silence');
    expect(await names.resolve(name)).toEqual([
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
    expect(questions).toEqual([]);
  });

  test('for a name in the hosts file, as it is now', async () => {
    const { names, files, questions } = await stage(() => 'silence', {
      hosts:
        '# ours\n192.0.2.1 Hooks.test hooks # the receiver\nnonsense\n2001:db8:0:0:0:0:0:1\thooks.test\n',
    });
    expect(await names.resolve('hooks.test')).toEqual([one, six]);
    expect(await names.resolve('hooks')).toEqual([one]);
    writeFileSync(files.hosts, '192.0.2.77 hooks\n');
    expect(await names.resolve('hooks')).toEqual([{ address: '192.0.2.77', family: 4 }]);
    rmSync(files.hosts);
    expect(await names.resolve('localhost')).toHaveLength(2);
    expect(questions).toEqual([]);
  });
});

describe('the operating system', () => {
  test('looks up names that name servers do not know, one at a time', async () => {
    const { names, lookups, answers } = await stage(() => 'no such name');
    const outcomes = ['a', 'b', 'c'].map((name) => names.resolve(name).catch((error: unknown) => error));
    await until(() => lookups.length > 0);
    for (let round = 0; round < 20; round += 1) await nextTurn();
    expect(lookups).toHaveLength(1);
    answers[0]?.([one]);
    await until(() => lookups.length > 1);
    answers[1]?.([]);
    await until(() => lookups.length > 2);
    answers[2]?.([six]);
    const results = await Promise.all(outcomes);
    expect(results).toContainEqual([one]);
    expect(results).toContainEqual([six]);
    expect(results).toContainEqual(expect.objectContaining({ code: 'ENOTFOUND' }));
  });

  test('delays no name that name servers know, even if it does not answer', async () => {
    const { names, clock, lookups } = await stage((name) =>
      name.startsWith('known') ? { v4: ['192.0.2.1'] } : 'no such name',
    );
    const lost = ['a', 'b'].map((name) => names.resolve(name).catch((error: unknown) => error));
    await until(() => lookups.length > 0);
    expect(await names.resolve('known.test')).toEqual([one]);
    await clock.advance(3000);
    for (const error of await Promise.all(lost)) expect(error).toMatchObject({ code: 'DNS_TIMEOUT' });
    expect(clock.pending).toBe(0);
  });
});
