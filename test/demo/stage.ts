import type Pusher from 'pusher';
import { Visitor } from './clients.ts';
import { DemoFault, within } from './fault.ts';
import type { Arrival, Receiver, WebhookEvent } from './receiver.ts';

/** What every scene uses. */
export interface Stage {
  readonly port: number;
  readonly sdk: Pusher;
  readonly receiver: Receiver;
  readonly webhookUrl: string;
  readonly visitors: Visitor[];
}

/** Connects a visitor, who stays until the last scene. */
export async function enter(stage: Stage, name: string, userId: string): Promise<Visitor> {
  const visitor = new Visitor(name, userId, stage.port, stage.sdk);
  stage.visitors.push(visitor);
  await visitor.connected();
  return visitor;
}

/** Waits for the next webhook event that matches and is answered 200. */
export function expectWebhook(stage: Stage, wanted: Partial<WebhookEvent>, limitMs = 3000): Promise<Arrival> {
  const fields = Object.entries(wanted);
  const matches = ({ event, status }: Arrival): boolean => {
    const actual = new Map<string, unknown>(Object.entries(event));
    return status === 200 && fields.every(([field, value]) => actual.get(field) === value);
  };
  const missing = `The endpoint did not receive ${fields.map(([, value]) => value).join(' ')}`;
  return within(limitMs, missing, stage.receiver.next(matches));
}

/**
 * Checks that exactly these webhook events of a channel were delivered so far, in this order.
 * @throws DemoFault otherwise.
 */
export function requireExactly(stage: Stage, channel: string, wanted: readonly string[]): void {
  const actual = stage.receiver.about(channel);
  if (actual.join(', ') === wanted.join(', ')) return;
  throw new DemoFault(
    `The endpoint received [${actual.join(', ')}] for ${channel} instead of [${wanted.join(', ')}].`,
  );
}
