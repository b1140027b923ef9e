import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../components/copy.tsx';

interface SidePanelProps {
  readonly id: string;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A panel for the selected row, beside the list. It takes the focus, and returns it to the row when it closes. */
export function SidePanel({ id, label, onClose, children }: SidePanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const close = () => {
    const row = document.querySelector('tr.selected a[data-row]');
    onClose();
    if (row instanceof HTMLElement) row.focus();
  };
  return (
    <section
      class="panel side"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header class="section-head">
        <h2 ref={heading} tabIndex={-1} class="mono wrap">
          {id}
        </h2>
        <div class="actions">
          <CopyButton text={id} label="the webhook-id" />
          <Button kind="quiet" icon="close" label="Close the delivery" onClick={close} />
        </div>
      </header>
      {children}
    </section>
  );
}
