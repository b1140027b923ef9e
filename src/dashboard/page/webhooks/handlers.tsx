import { useState } from 'preact/hooks';
import { Code } from '../components/code.tsx';
import { Choice } from '../components/field.tsx';
import { expressHandler, laravelHandler, nextHandler } from './handler-code.ts';

const kinds = {
  express: { text: 'Node.js / Express', code: expressHandler },
  next: { text: 'Next.js App Router', code: nextHandler },
  laravel: { text: 'Laravel (PHP)', code: laravelHandler },
} as const;
type Kind = keyof typeof kinds;

const options: readonly { readonly value: Kind; readonly text: string }[] = [
  { value: 'express', text: kinds.express.text },
  { value: 'next', text: kinds.next.text },
  { value: 'laravel', text: kinds.laravel.text },
];

/** The code of a receiver for the webhooks of a key. */
export function Handlers({ appKey }: { readonly appKey: string }) {
  const [kind, setKind] = useState<Kind>('express');
  return (
    <details>
      <summary>Code that receives it</summary>
      <div class="stack">
        <Choice label="Framework" value={kind} options={options} onChange={setKind} />
        <Code label={kinds[kind].text} text={kinds[kind].code(appKey)} />
        <p class="hint">
          The secret that belongs to this key is read from the environment; it is under Settings, Keys.
        </p>
      </div>
    </details>
  );
}
