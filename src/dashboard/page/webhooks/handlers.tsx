import { useState } from 'preact/hooks';
import { Code } from '../components/code.tsx';
import { Choice } from '../components/field.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { useReference } from '../use-reference.ts';
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

/** The code of a receiver for the webhooks of a key. */
export function Handlers({ appKey }: { readonly appKey: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Code that receives it</summary>
      {isOpen && <HandlerCode appKey={appKey} />}
    </details>
  );
}

function HandlerCode({ appKey }: { readonly appKey: string }) {
  const [framework, setFramework] = useState<Framework>('express');
  const { value, error, reload } = useReference();
  return (
    <div class="stack">
      <ErrorNotice error={error} onRetry={reload} />
      <Choice label="Framework" value={framework} options={options} onChange={setFramework} />
      {value !== undefined && (
        <Code label={names[framework]} text={withKey(value.handlers[framework], framework, appKey)} />
      )}
      <p class="hint">Its secret is under Settings, Keys; the code reads it from the environment.</p>
    </div>
  );
}
