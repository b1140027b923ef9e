import { inject } from 'vitest';

// `startServer` reads it.
process.env['TEST_REDIS'] = inject('sharedRedis');
