import { receiveMessageOnPort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createInterestTable, Interest } from '../../../../src/node/workers/interest.ts';
import type { KeeperOfState } from '../../../../src/node/workers/keeper-methods.ts';
import { Line } from '../../../../src/node/workers/line.ts';
import { createSeats } from '../../../../src/node/workers/mesh.ts';
import { WorkerLedger } from '../../../../src/node/workers/worker-ledger.ts';
import { channelName } from '../../../support/unit/application.ts';

test('a leave is sent before anything else of the client is read', async () => {
  const [seatOfKeeper, seat] = createSeats(2);
  const port = seatOfKeeper?.ports[1];
  if (seat === undefined || port === undefined) throw new Error('there is no seat');
  const line = new Line<KeeperOfState>(seat, {});
  const ledger = new WorkerLedger({
    line,
    interest: new Interest(createInterestTable(16), 1),
    notify: () => {},
    notifyWatchers: () => {},
  });
  const channel = channelName('news');
  void ledger.join({ appId: '1', channel, memberLimit: 1, readsCache: false, wantsCacheMiss: false });
  ledger.leave({ appId: '1', channel, channelLingersMs: 0 });
  // What was sent in this turn, with no other turn in between.
  await Promise.resolve();
  const received = receiveMessageOnPort(port);
  expect(received?.message[1].map(([name]: [string]) => name)).toEqual(['join', 'leave']);
  line.close();
});
