import { randomBytes } from 'node:crypto';
import type { FreshNames } from '../ports/fresh-names.ts';

/** Random names and secrets, in hexadecimal. */
export const randomNames: FreshNames = {
  appId: () => randomBytes(4).toString('hex'),
  key: () => randomBytes(10).toString('hex'),
  secret: () => randomBytes(32).toString('hex'),
};
