import { inject } from 'vitest';

// Servers that tests start share what they know there: see `startServer`.
process.env['TEST_REDIS'] = inject('sharedRedis');
