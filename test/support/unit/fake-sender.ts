import { expect } from 'vitest';
import type { Outcome, WebhookRequest, WebhookSender } from '../../../src/ports/webhook-sender.ts';
import { settle } from '../fake-clock.ts';

/** An attempt that waits for its result. */
export interface Post {
  readonly request: WebhookRequest;
  readonly timeoutMs: number;
  /** The events of the body as lines: name and channel. */
  readonly lines: readonly string[];
  /** Sets the result. Once set, the attempt's promise settles. */
  answer(status: number, retryAfterMs?: number): Promise<void>;
  fail(outcome: Outcome): Promise<void>;
}

/** A sender whose attempts wait until the test sets their result. */
export class FakeSender implements WebhookSender {
  readonly #posts: Post[] = [];
  isClosed = false;

  send(request: WebhookRequest, timeoutMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const fail = async (outcome: Outcome): Promise<void> => {
        resolve(outcome);
        await settle();
      };
      this.#posts.push({
        request,
        timeoutMs,
        lines: eventsOf(request),
        fail,
        answer: (status, retryAfterMs) =>
          fail({ kind: 'answered', status, ...(retryAfterMs !== undefined && { retryAfterMs }) }),
      });
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** Whether an attempt has started that `next` has not returned yet. */
  get hasPost(): boolean {
    return this.#posts.length > 0;
  }

  /** The next attempt that has started. */
  expectPost(url?: string): Post {
    const index = url === undefined ? 0 : this.#posts.findIndex(({ request }) => request.url === url);
    const [post] = index < 0 ? [] : this.#posts.splice(index, 1);
    expect(post, `an attempt at ${url ?? 'any endpoint'}`).toBeDefined();
    if (post === undefined) throw new Error('unreachable');
    return post;
  }

  expectNoPost(): void {
    expect(this.#posts.map(({ request, lines }) => [request.url, lines])).toEqual([]);
  }
}

function eventsOf({ body }: WebhookRequest): string[] {
  const { events } = JSON.parse(Buffer.from(body).toString('utf8')) as {
    events: { name: string; channel: string }[];
  };
  return events.map(({ name, channel }) => `${name} ${channel}`);
}
