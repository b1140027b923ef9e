import { inject } from 'vitest';

// Read by `startServer`.
process.env['TEST_REDIS'] = inject('sharedRedis');
