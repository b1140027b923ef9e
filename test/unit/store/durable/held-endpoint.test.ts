import { describe, expect, test } from 'vitest';
import type { Application } from '../../../../src/apps/application.ts';
import { toApplication } from '../../../../src/configuration/applications.ts';
import { pauseEndpoint, resumeEndpoint } from '../../../../src/configuration/edit-endpoints.ts';
import type { Edit } from '../../../../src/configuration/edit.ts';
import { layOver, noChanges } from '../../../../src/configuration/run-time-changes.ts';
import { defaultPolicy } from '../../../support/property/delivery-shell.ts';
import { FakeDisk } from '../../../support/property/fake-disk.ts';
import { configOf } from '../../../integration/support/server.ts';
import { answered } from '../../../support/property/fake-receivers.ts';
import { wallStart } from '../../../support/property/mortal-process.ts';
import { Stack, type StackOptions } from '../../../support/property/stack.ts';
import { application, endpoint } from '../../../support/unit/application.ts';

const minute = 60_000;
const url = 'http://held/';

type Holds = Pick<Parameters<typeof endpoint>[0] & object, 'heldSinceMs' | 'lastHold'>;

const serving = (holds: Holds = {}): Application[] => [
  application({ endpoints: [endpoint({ url, ...holds })] }),
];

/** A program with a store and one endpoint, which another run may continue. */
async function start(options: Partial<StackOptions>): Promise<Stack> {
  // As at a real start, the holds of the previous run are known after the file, and before the store is restored.
  const { applications = serving(), ...rest } = options;
  const stack = new Stack({ applications: serving(), policy: defaultPolicy, ...rest });
  stack.reload(applications);
  await stack.start();
  return stack;
}

const namesAt = (stack: Stack) => stack.receivers.get(url)?.taken.map(({ name }) => name);

describe('an endpoint from the configuration file, with a store', () => {
  test('that is on hold receives what waited for it, even if the program is restarted meanwhile', async () => {
    const disk = new FakeDisk();
    const first = await start({ disk });
    const held = serving({ heldSinceMs: wallStart + first.clock.now() });
    first.reload(held);
    await first.clock.advance(0);
    first.connect(first.applications[0] as Application).subscribe('news');
    await first.clock.advance(8 * minute);
    first.kill();
    await first.clock.advance(20 * minute);
    const second = await start({ disk, before: first, applications: held });
    await second.clock.advance(8 * minute);
    expect([namesAt(second), second.drops.read('1').dropped]).toEqual([[], []]);
    second.reload(serving());
    await second.clock.advance(minute);
    expect(namesAt(second)).toEqual(['channel_occupied', 'channel_vacated']);
    expect(second.drops.read('1').dropped).toEqual([]);
  });

  test('that was on hold twice receives what waited through both, even if the program is restarted', async () => {
    const disk = new FakeDisk();
    const file = configOf({
      apps: [{ id: '1', key: 'app-key', secret: 'app-secret', webhooks: [{ id: 'main', url }] }],
    });
    const context = { file, fileName: undefined, current: file, env: {} };
    let changes = noChanges;
    const after = (edit: Edit): Application[] => {
      changes = edit(changes, context);
      return layOver(file.apps, changes, { isProduction: false }).map((app) => toApplication(app, 'allow'));
    };
    const first = await start({ disk });
    first.receivers.get(url)?.downUntil(first.clock.now() + 9 * minute);
    const now = (): number => wallStart + first.clock.now();
    const hold = (): Application[] => after(pauseEndpoint('1', 'main', { how: 'hold', sinceMs: now() }));
    first.reload(hold());
    await first.clock.advance(0);
    first.connect(first.applications[0] as Application).subscribe('news');
    await first.clock.advance(8 * minute);
    first.reload(after(resumeEndpoint('1', 'main', now())));
    await first.clock.advance(2000);
    const held = hold();
    first.reload(held);
    await first.clock.advance(minute);
    first.kill();
    const second = await start({ disk, before: first, applications: held });
    await second.clock.advance(minute);
    expect(second.drops.read('1').dropped).toEqual([]);
    second.reload(after(resumeEndpoint('1', 'main', now())));
    await second.clock.advance(minute);
    expect(namesAt(second)).toEqual(['channel_occupied', 'channel_vacated']);
  });

  test('that was on hold has the rest of the five minutes after a restart', async () => {
    const disk = new FakeDisk();
    const fates = [Array.from({ length: 100 }, () => answered(500))];
    const first = await start({ disk, fates });
    const fromMs = wallStart + first.clock.now();
    first.reload(serving({ heldSinceMs: fromMs }));
    await first.clock.advance(0);
    first.connect(first.applications[0] as Application).subscribe('news');
    await first.clock.advance(8 * minute);
    const released = serving({ lastHold: { fromMs, toMs: wallStart + first.clock.now() } });
    first.reload(released);
    await first.clock.advance(minute);
    first.kill();
    await first.clock.advance(20 * minute);
    const second = await start({ disk, before: first, applications: released, restartGraceMs: 10 * minute });
    await second.clock.advance(3 * minute);
    expect(second.drops.read('1').dropped).toEqual([]);
    // The time since the last transaction before the end is not counted.
    await second.clock.advance(2 * minute);
    expect(second.drops.read('1').dropped).toMatchObject([{ channel: 'news', reason: 'expired' }]);
  });
});
