import type { Outcome, PostSender, Post } from '../ports/webhook-sender.ts';

/** A sender that is not made before it is needed. */
export interface LazySender extends PostSender {
  /** Has it made now, so that the first POST need not wait. */
  prepare(): void;
}

/** `make` loads a library: a start that has nothing to send does not pay for it. */
export function createLazySender(make: () => Promise<PostSender>): LazySender {
  let made: Promise<PostSender> | undefined;
  const get = (): Promise<PostSender> => (made ??= make());
  return {
    prepare: () => void get(),
    send: async (post: Post, timeoutMs: number): Promise<Outcome> => (await get()).send(post, timeoutMs),
    async close() {
      await (await made)?.close();
    },
  };
}
