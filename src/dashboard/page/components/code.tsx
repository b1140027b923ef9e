import { useState } from 'preact/hooks';
import { bytes } from '../format.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy.tsx';
import { coloured } from './json-tokens.tsx';

/** A text that is shown unchanged and can be copied. */
export function Code({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div class="code">
      <div class="code-bar">
        <span>{label}</span>
        <CopyButton text={text} label={label} />
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a keyboard must reach a region that scrolls */}
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
    </div>
  );
}

/** A payload: JSON indented and coloured, or the original text. */
export function JsonView({ text, label }: { readonly text: string; readonly label: string }) {
  const [isRaw, setRaw] = useState(false);
  const pretty = indented(text);
  const shown = isRaw || pretty === undefined ? text : pretty;
  return (
    <div class="code">
      <div class="code-bar">
        <span>
          {label} <span class="muted">{bytes(new TextEncoder().encode(text).length)}</span>
        </span>
        {pretty !== undefined && (
          <Button kind="quiet" onClick={() => setRaw(!isRaw)}>
            {isRaw ? 'Indent' : 'Raw'}
          </Button>
        )}
        <CopyButton text={text} label={label} />
      </div>
      <pre tabIndex={0} role="region" aria-label={label}>
        {pretty === undefined ? shown : coloured(shown)}
      </pre>
    </div>
  );
}

function indented(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value, null, 2);
  } catch {
    return undefined;
  }
}
