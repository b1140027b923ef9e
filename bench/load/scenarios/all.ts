import type { Scenario } from '../scenario.ts';
import { clientEvents } from './client-events.ts';
import { cold } from './cold.ts';
import { comeback } from './comeback.ts';
import { connectSubscribe } from './connect-subscribe.ts';
import { fanOut } from './fan-out.ts';
import { httpTrigger } from './http-trigger.ts';
import { ledger } from './ledger.ts';
import { manyApps, manyChannels } from './many.ts';
import { idle } from './idle.ts';
import { nodes } from './nodes.ts';
import { presenceStorm } from './presence-storm.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { redis } from './redis.ts';
import { soak } from './soak.ts';
import { startup } from './startup.ts';
import { underAttack } from './under-attack.ts';
import { webhooksOnNodes } from './webhooks-on-nodes.ts';
import { webhooks } from './webhooks.ts';
import { workers } from './workers.ts';

/** All scenarios, in the order in which they run and appear in the report. */
export const scenarios: readonly Scenario[] = [
  fanOut,
  httpTrigger,
  connectSubscribe,
  clientEvents,
  presenceStorm,
  webhooks,
  cold,
  reconnectStorm,
  manyChannels,
  manyApps,
  idle,
  startup,
  workers,
  ledger,
  comeback,
  nodes,
  redis,
  webhooksOnNodes,
  underAttack,
  soak,
];
