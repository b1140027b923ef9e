import type { ComponentChildren } from 'preact';

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Beyond this, colours cost more than they help. */
const colouredLength = 20_000;

/** JSON with its names, texts and numbers in colours, as nodes: no markup is ever made of it. */
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
