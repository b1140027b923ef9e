import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests that mutants are tried on: those of the mutated files alone, because they run once for each mutant. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: [
      'test/unit/auth/{channel-auth,request-signature,user-auth}.test.ts',
      'test/unit/channels/linger.test.ts',
      'test/unit/protocol/{channel-name,rate-window,token-bucket}.test.ts',
      'test/unit/webhooks/{probing,rank,retry,turns,undone}.test.ts',
    ],
  },
});
