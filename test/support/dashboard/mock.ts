import { parseArgs } from 'node:util';
import { createMock } from './server.ts';

// A server for development of the page. It serves dist/dashboard, and an admin API with sample data.
//   npx tsx test/support/dashboard/mock.ts --port 6100 --production --view --login --clock --empty
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '6100' },
    production: { type: 'boolean', default: false },
    view: { type: 'boolean', default: false },
    login: { type: 'boolean', default: false },
    clock: { type: 'boolean', default: false },
    empty: { type: 'boolean', default: false },
  },
});

const mock = createMock(values);
mock.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${values.port}/dashboard/${values.login ? '#token=full-token' : ''}`);
});
