import { styleText } from 'node:util';
import type { Arrival } from './receiver.ts';

type Style = Parameters<typeof styleText>[0];

const coloured = process.stdout.isTTY && !process.env['NO_COLOR'];
/** Where the text of a line begins: after its time and its kind. */
const indent = 21;
const startedAt = performance.now();

/** Milliseconds since the demonstration began. */
export function elapsedMs(): number {
  return performance.now() - startedAt;
}

/** Prints a plain line. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Prints the title of a scene and what the page promises about it. */
export function scene(title: string, promise: string): void {
  say();
  say(paint('bold', title));
  say(paint('dim', `  The page: ${promise}`));
}

/** Prints what a client does or sees. */
export function client(who: string, text: string): void {
  line('cyan', who, text);
}

/** Prints something that the demonstration has checked. */
export function checked(text: string): void {
  line('green', 'checked', text);
}

/** Prints one webhook event as it arrived; its payload, if any, on a line of its own. */
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
  say(
    `${' '.repeat(indent + 18)}${paint('dim', `${event.event} ${event.data} from socket ${event.socket_id}`)}`,
  );
}

/** Prints that a request with a wrong signature was turned away. */
export function forgery(): void {
  line('red', 'refused', 'a POST whose signature is wrong: answered 401, not read any further');
}

/** Prints how it all ended. */
export function verdict(success: boolean, text: string): void {
  say();
  say(paint(['bold', success ? 'green' : 'red'], text));
}

function line(style: Style, kind: string, text: string): void {
  const time = `${(elapsedMs() / 1000).toFixed(2)} s`;
  say(`  ${paint('dim', time.padStart(7))}  ${paint(style, kind.padEnd(8))}  ${text}`);
}

function paint(style: Style, text: string): string {
  return coloured ? styleText(style, text) : text;
}
