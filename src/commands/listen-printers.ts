import type { OtherRequest } from '../receiver/intake.ts';
import type { ReceivedWebhook, Receiver } from '../receiver/types.ts';
import type { Forwarded } from './forward.ts';
import { paintFor } from './paint.ts';
import { printable } from './printable.ts';
import { formatForwarded, formatSummary, formatWebhook, type Tally } from './webhook-lines.ts';

/** Counts webhooks as they arrive, without keeping them. */
export class Counter implements Tally {
  webhooks = 0;
  verified = 0;
  notAccepted = 0;
  duplicates = 0;
  readonly refused = new Map<string, number>();
  readonly events = new Map<string, number>();

  count({ verdict, isDuplicate, isTest, isAccepted, events }: ReceivedWebhook): void {
    this.webhooks += 1;
    if (verdict.verified) this.verified += 1;
    else this.refused.set(verdict.reason, (this.refused.get(verdict.reason) ?? 0) + 1);
    if (verdict.verified && !isAccepted) this.notAccepted += 1;
    if (isDuplicate) this.duplicates += 1;
    if (!isAccepted || isDuplicate || isTest) return;
    for (const { name } of events) this.events.set(name, (this.events.get(name) ?? 0) + 1);
  }
}

/** Prints webhooks as they arrive. */
export interface Printer {
  start(receiver: Receiver): void;
  /** `forwarded` is the outcome of forwarding it, if it was forwarded. */
  webhook(webhook: ReceivedWebhook, forwarded?: Forwarded): void;
  /** A request that is not accepted: usually the URL of the endpoint has another path. */
  other(request: OtherRequest): void;
  end(tally: Tally, state: ReturnType<Receiver['state']>): void;
}

/** Prints them for a person. */
export function createPrinter(): Printer {
  const paint = paintFor(process.stdout);
  const write = (text: string): void => void process.stdout.write(text);
  return {
    start({ url }) {
      write(`Receiving webhooks at ${paint.bold(url)}; Ctrl-C ends with a summary.\n`);
      write(`${paint.dim(`Send them here: SOKETIFY_WEBHOOK_URL=${url} soketify-emulator`)}\n\n`);
    },
    webhook(webhook, forwarded) {
      write(formatWebhook(webhook, paint));
      if (forwarded !== undefined) write(formatForwarded(webhook, forwarded, paint));
    },
    other({ method, path, status, why }) {
      const head = `${printable(method)} ${printable(path)}`;
      write(`${paint.bold(head)} ${paint.bad(`not accepted, answered ${status}`)}\n  ${why}\n`);
    },
    end: (tally, state) => write(formatSummary(tally, state, paint)),
  };
}

/** Prints them as JSON, one object per line. */
export function createJsonPrinter(): Printer {
  const write = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    start: ({ url, port: at }) => write({ msg: 'listening', port: at, url }),
    webhook: (webhook, forwarded) => write({ msg: 'webhook', ...webhook, ...(forwarded && { forwarded }) }),
    other: (request) => write({ msg: 'other request', ...request }),
    end: ({ refused, events, ...tally }, state) =>
      write({
        msg: 'summary',
        webhooks: tally.webhooks,
        verified: tally.verified,
        notAccepted: tally.notAccepted,
        duplicates: tally.duplicates,
        refused: Object.fromEntries(refused),
        events: Object.fromEntries(events),
        state,
      }),
  };
}
