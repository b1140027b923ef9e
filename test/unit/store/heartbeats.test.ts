import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { beatsPerLease } from '../../../src/node/redis-node.ts';

/** The share of a lease without any contact after which a script assumes that Redis was unreachable. */
function silentShare(script: string, pattern: RegExp): number {
  const text = readFileSync(new URL(`../../../src/store/redis/scripts/${script}`, import.meta.url), 'utf8');
  const [, factor, divisor] = pattern.exec(text) ?? [];
  return factor === undefined ? 1 / Number(divisor) : Number(factor);
}

describe('Redis counts as having been unreachable', () => {
  const twoBeats = 2 / beatsPerLease;

  test('after two missing heartbeats, in a partition', () => {
    expect(silentShare('partition.lua', /SILENCE_MS > LEASE \* ([\d.]+)/)).toBe(twoBeats);
  });

  test('after two missing requests for rights, in the dispatch of webhooks', () => {
    expect(silentShare('lead.lua', /wasSilent = .* > lease (?:\* ([\d.]+)|\/ (\d+))/)).toBe(twoBeats);
  });
});
