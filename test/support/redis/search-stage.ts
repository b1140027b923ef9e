import { silentLog } from '../../../src/ports/log.ts';
import { EarlierState, type ReportedBefore } from '../../../src/store/redis/deliveries/earlier-state.ts';
import { allPartitions, partitionOf } from '../../../src/store/redis/keys.ts';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { nextTurn, noSlices } from '../turns.ts';
import { channelName, endpoint } from '../unit/application.ts';

export const room = channelName('presence-room');
export const index = partitionOf('1', room);
export const [main, other] = [endpoint({ id: 'main' }), endpoint({ id: 'other' })];

/** A node that owns one partition with a channel and a member, on a Redis that answers what the test says. */
export function startSearch(noted: Readonly<Record<string, string>> = {}) {
  const state = {
    endpoints: [main] as readonly Endpoint[],
    noted: { ...noted } as Record<string, string>,
    seq: 7,
    taken: '5-0' as string | undefined,
    last: '5-0',
    isKept: true,
    isOpen: true,
    /** The commands that fail the next time. */
    failing: new Set<string>(),
    /** What happens before Redis answers what was reported. */
    meanwhile: () => {},
  };
  const before: ReportedBefore[] = [];
  const found: string[] = [];
  const log: string[] = [];
  const fail = (command: string): void => {
    if (state.failing.delete(command)) throw new Error('connection lost');
  };
  const scripts: Readonly<Record<string, (args: readonly (string | number)[]) => (string | number)[]>> = {
    'list-reported': () => [1, room],
    'read-reported'() {
      state.meanwhile();
      return [1, 'u1'];
    },
    'note-received'([, isReplaced, ...changes]) {
      if (isReplaced === 1) state.noted = {};
      state.noted['known'] = '1';
      for (let at = 0; at < changes.length; at += 2) {
        const [name = '', value = ''] = changes.slice(at, at + 2).map(String);
        if (value === '') delete state.noted[name];
        else state.noted[name] = value;
        log.push(`note ${name.replace('\n', ' ')}`);
      }
      return [1];
    },
  };
  const earlier = new EarlierState({
    ...noSlices(),
    link: {
      async run(name, _, args) {
        fail(name);
        return scripts[name]?.(args) ?? [];
      },
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these two commands are used
      commands: {
        hgetall: async () => state.noted,
        async xrevrange() {
          fail('xrevrange');
          return state.last === '' ? [] : [[state.last, []]];
        },
      } as never,
    },
    partitions: allPartitions('test:'),
    log: silentLog,
    present: () => '',
    tokenOf: (one) => (one === index ? 3 : 0),
    applications: () => [{ id: '1', endpoints: state.endpoints }],
    seqOf: () => state.seq,
    takenUntil: () => state.taken,
    isOpen: () => state.isOpen,
    missedBefore: (one) => void before.push(one),
    async flush() {
      log.push('flush');
      return state.isKept;
    },
    found: (_, id, isAsked) => void found.push(isAsked ? `${id}, asked` : id),
  });
  return {
    ...{ state, before, found, log, earlier },
    /** Searches until nothing more happens. */
    async work() {
      earlier.work();
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    },
    isUnsure: (one: Endpoint, seq: number) => earlier.isUnsure(index, '1', one, seq),
    /** Both endpoints are configured from now on. */
    add() {
      state.endpoints = [main, other];
      earlier.configurationChanged();
    },
  };
}
