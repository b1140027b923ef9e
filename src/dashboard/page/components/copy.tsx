import { useState } from 'preact/hooks';
import { toast } from './toast.tsx';
import { Button, type ButtonKind } from './button.tsx';

const shownMs = 1500;

/** Copies a text to the clipboard and confirms it. */
export function CopyButton({
  text,
  label,
  children,
  kind = 'quiet',
}: {
  readonly text: string | (() => string);
  /** What is copied, such as "the key". */
  readonly label: string;
  readonly children?: string;
  readonly kind?: ButtonKind;
}) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    if (!(await toClipboard(typeof text === 'string' ? text : text()))) {
      toast(`The browser does not allow this page to copy ${label}. Select it and copy it yourself.`, 'bad');
      return;
    }
    toast(`Copied ${label}`);
    setDone(true);
    setTimeout(() => {
      setDone(false);
    }, shownMs);
  };
  return (
    <Button
      kind={kind}
      icon={isDone ? 'check' : 'copy'}
      {...(children === undefined && { label: `Copy ${label}` })}
      onClick={() => void copy()}
    >
      {children}
    </Button>
  );
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Outside a secure context, such as plain HTTP from another host, this is the only way to the clipboard. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  const host = document.querySelector('dialog[open]') ?? document.body;
  const focused = document.activeElement;
  host.append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isDone;
}
