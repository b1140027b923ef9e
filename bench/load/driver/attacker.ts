import { attacks } from '../../../test/fuzz/strangers.ts';

/** Repeats one attack until the process is killed or a minute has passed. Arguments: port, key, attack. */
const [port, key = '', name = ''] = process.argv.slice(2);
const attack = attacks[name];
if (attack === undefined)
  throw new Error(`unknown attack '${name}'; known: ${Object.keys(attacks).join(', ')}`);
setTimeout(() => process.exit(), 60_000).unref();
process.stdout.write('ready\n');
for (let seed = 1; ; seed += 1) await attack({ port: Number(port), key, seed });
