import { useState } from 'preact/hooks';
import { useReference } from '../use-reference.ts';
import type { Reference } from '../reference.ts';
import { ErrorNotice } from './notice.tsx';
import type { ComponentChildren } from 'preact';

interface LazyDetailsProps {
  readonly summary: string;
  readonly children: (reference: Reference) => ComponentChildren;
}

/** A disclosure with content from the long texts, which are fetched when it is opened. */
export function LazyDetails({ summary, children }: LazyDetailsProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {isOpen && <Fetched make={children} />}
    </details>
  );
}

function Fetched({ make }: { readonly make: LazyDetailsProps['children'] }) {
  const { value, error, reload } = useReference();
  return (
    <>
      <ErrorNotice error={error} onRetry={reload} />
      {value && make(value)}
    </>
  );
}
