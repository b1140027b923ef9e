import type { ComponentChildren } from 'preact';

/** The colour of a state. A word always accompanies it. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'calm' | 'accent';

/** A state as a word with its colour. */
export function Tag({
  tone = 'calm',
  children,
}: {
  readonly tone?: Tone;
  readonly children: ComponentChildren;
}) {
  return <span class={`tag ${tone}`}>{children}</span>;
}

/** A state as a dot and a word, for lists with many of them. */
export function State({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`state ${tone}`}>{children}</span>;
}
