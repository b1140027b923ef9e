import { styleText } from 'node:util';
import type { Arrival } from './receiver.ts';

type Style = Parameters<typeof styleText>[0];

const coloured = process.stdout.isTTY && !process.env['NO_COLOR'];
/** The column where the text of a line begins, after its time and its kind. */
const indent = 21;
const startedAt = performance.now();

/** Milliseconds since the demo started. */
export function elapsedMs(): number {
  return performance.now() - startedAt;
}

/** Prints a plain line. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Prints the title of a scene, and the sentence of Soketify's documentation that it shows. */
export function scene(title: string, quotation: string): void {
  print();
  print(paint('bold', title));
  print(paint('dim', `   “${quotation}”`));
}

/** Prints what a client does or receives. */
export function client(name: string, text: string): void {
  line('cyan', name, text);
}

/** Prints a fact that the demo has checked. */
export function checked(text: string): void {
  line('green', 'checked', text);
}

/** Prints a webhook event. A client event's payload follows on a line of its own. */
export function webhook(arrival: Arrival): void {
  const { event, post, attempt, status } = arrival;
  const isAccepted = status === 200;
  const columns = [
    event.name.padEnd(16),
    event.channel.padEnd(26),
    (event.user_id ?? '').padEnd(7),
    paint('dim', `signature ok  POST ${post}  attempt ${attempt}`),
    ...(isAccepted ? [] : [paint('red', `answered ${status}`)]),
  ];
  line(isAccepted ? 'yellow' : 'red', 'webhook', columns.join('  '));
  if (event.event === undefined) return;
  print(
    `${' '.repeat(indent + 18)}${paint('dim', `${event.event} ${event.data} from socket ${event.socket_id}`)}`,
  );
}

/** Prints that a request with an invalid signature was rejected. */
export function forgery(): void {
  line('red', 'rejected', 'a POST with an invalid signature: answered 401');
}

/** Prints the result of the demo. */
export function verdict(success: boolean, text: string): void {
  print();
  print(paint(['bold', success ? 'green' : 'red'], text));
}

function line(style: Style, kind: string, text: string): void {
  const time = `${(elapsedMs() / 1000).toFixed(2)} s`;
  print(`  ${paint('dim', time.padStart(7))}  ${paint(style, kind.padEnd(8))}  ${text}`);
}

function paint(style: Style, text: string): string {
  return coloured ? styleText(style, text) : text;
}
