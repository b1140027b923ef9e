import type { WriteStream } from 'node:tty';

/** Adds colours to text, or leaves it unchanged. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

const plain = (text: string): string => text;

export const withoutColours: Paint = { good: plain, bad: plain, bold: plain, dim: plain };

export const withColours: Paint = {
  good: (text) => `\u001b[32m${text}\u001b[39m`,
  bad: (text) => `\u001b[31m${text}\u001b[39m`,
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
};

/** Uses colours on a terminal that supports them; Node applies NO_COLOR and FORCE_COLOR. */
export function paintFor(stream: Pick<WriteStream, 'isTTY' | 'hasColors'>): Paint {
  return stream.isTTY && stream.hasColors() ? withColours : withoutColours;
}
