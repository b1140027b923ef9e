import type { ComponentChildren } from 'preact';

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Longer texts are not coloured, because colouring would be slow. */
const colouredLength = 20_000;

/** Colours JSON. It creates nodes, never markup, so a payload cannot inject HTML. */
export function coloured(text: string): ComponentChildren {
  if (text.length > colouredLength) return text;
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    parts.push(text.slice(end, match.index));
    parts.push(<span class={kindOf(match)}>{match[1] ?? match[0]}</span>);
    if (match[2] !== undefined) parts.push(match[2]);
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

function kindOf([, quoted, colon]: RegExpMatchArray): string {
  if (quoted === undefined) return 'json-number';
  return colon === undefined ? 'json-text' : 'json-name';
}
