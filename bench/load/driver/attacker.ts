import { attacks } from '../../../test/fuzz/strangers.ts';

/** Makes one attack again and again, until the process is ended or a minute has passed: port, key, attack. */
const [port, key = '', name = ''] = process.argv.slice(2);
const attack = attacks[name];
if (attack === undefined)
  throw new Error(`unknown attack '${name}'; known: ${Object.keys(attacks).join(', ')}`);
setTimeout(() => process.exit(), 60_000).unref();
process.stdout.write('ready\n');
for (let seed = 1; ; seed += 1) await attack({ port: Number(port), key, seed });
