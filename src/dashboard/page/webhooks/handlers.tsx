import { useState } from 'preact/hooks';
import { Code } from '../components/code.tsx';
import { Choice } from '../components/field.tsx';
import { LazyDetails } from '../components/lazy-details.tsx';
import { withKey, type Framework } from './with-key.ts';

const names = {
  express: 'Node.js / Express',
  next: 'Next.js App Router',
  laravel: 'Laravel (PHP)',
} as const satisfies Record<Framework, string>;

const options: readonly { readonly value: Framework; readonly text: string }[] = [
  { value: 'express', text: names.express },
  { value: 'next', text: names.next },
  { value: 'laravel', text: names.laravel },
];

/** The code of a receiver for webhooks that are signed with a key. */
export function Handlers({ appKey }: { readonly appKey: string }) {
  const [framework, setFramework] = useState<Framework>('express');
  return (
    <LazyDetails summary="Code of a receiver">
      {({ handlers }) => (
        <div class="stack">
          <Choice label="Framework" value={framework} options={options} onChange={setFramework} />
          <Code label={names[framework]} text={withKey(handlers[framework], framework, appKey)} />
          <p class="hint">
            The code reads the secret from the environment. The secret is in Settings, under Keys.
          </p>
        </div>
      )}
    </LazyDetails>
  );
}
