import type Pusher from 'pusher';
import { Visitor } from './clients.ts';
import { DemoFault, within } from './fault.ts';
import type { Arrival, Receiver, WebhookEvent } from './receiver.ts';

/** What every scene works with. */
export interface Stage {
  readonly port: number;
  readonly sdk: Pusher;
  readonly receiver: Receiver;
  readonly webhookUrl: string;
  readonly visitors: Visitor[];
}

/** Lets somebody open a page: a connection that stays until the last scene. */
export async function enter(stage: Stage, name: string, userId: string): Promise<Visitor> {
  const visitor = new Visitor(name, userId, stage.port, stage.sdk);
  stage.visitors.push(visitor);
  await visitor.connected();
  return visitor;
}

/** Waits for a webhook event that was delivered (answered 200), from now on. */
export function expectWebhook(stage: Stage, wanted: Partial<WebhookEvent>, limitMs = 3000): Promise<Arrival> {
  const fields = Object.entries(wanted);
  const matches = ({ event, status }: Arrival): boolean => {
    const actual = new Map<string, unknown>(Object.entries(event));
    return status === 200 && fields.every(([field, value]) => actual.get(field) === value);
  };
  const sentence = `The webhook ${fields.map(([, value]) => value).join(' ')}`;
  return within(limitMs, sentence, stage.receiver.next(matches));
}

/** Fails unless exactly these events about a channel have been delivered so far, in this order. */
export function requireExactly(stage: Stage, channel: string, wanted: readonly string[]): void {
  const actual = stage.receiver.about(channel);
  if (actual.join(', ') === wanted.join(', ')) return;
  throw new DemoFault(`About ${channel} came [${actual.join(', ')}] instead of [${wanted.join(', ')}].`);
}
