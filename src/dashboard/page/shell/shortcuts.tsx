import { signal } from '@preact/signals';
import { Check } from '../components/field.tsx';
import { Dialog } from '../components/dialog.tsx';
import { go } from '../router.ts';
import { navItems, pathOf } from './nav.ts';
import { isMenuOpen } from './sidebar.tsx';

const storeKey = 'soketify-shortcuts';
const sequenceMs = 1500;

/** Whether the help is open. */
export const isHelpOpen = signal(false);

/** Whether shortcuts are on. They can be switched off, because single keys disturb speech input. */
const areOn = signal(readStored() !== 'off');

let pressedG = 0;

/** Starts to handle shortcuts. The returned function stops it. */
export function startShortcuts(): () => void {
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onKey);
  };
}

function onKey(event: KeyboardEvent): void {
  if (event.key === 'Escape') isMenuOpen.value = false;
  if (!areOn.value || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector('dialog[open]') !== null) return;
  if (event.timeStamp - pressedG < sequenceMs && pressedG > 0) {
    pressedG = 0;
    const item = navItems.value.find(({ shortcut }) => shortcut === event.key);
    if (item !== undefined) {
      event.preventDefault();
      go(pathOf(item));
      return;
    }
  }
  if (event.key === 'g') pressedG = event.timeStamp;
  else if (event.key === '?') isHelpOpen.value = true;
  else if (event.key === '/') focusSearch(event);
}

function focusSearch(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLInputElement>('input[data-search]');
  if (field === null) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

/** The list of shortcuts. */
export function ShortcutHelp() {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog
      title="Keyboard shortcuts"
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <dl class="shortcuts">
        <Shortcut keys={['/']} about="Search" />
        <Shortcut keys={['↑', '↓']} about="Move between rows" />
        <Shortcut keys={['Enter']} about="Open a row" />
        <Shortcut keys={['Esc']} about="Close the panel or dialog" />
        {navItems.value.map(({ title, shortcut }) => (
          <Shortcut key={title} keys={['g', shortcut]} about={title} />
        ))}
        <Shortcut keys={['?']} about="This list" />
      </dl>
      <Check
        label="Single-key shortcuts"
        isOn={areOn.value}
        onChange={setOn}
        hint="Switch them off if you use speech input."
      />
    </Dialog>
  );
}

function Shortcut({ keys, about }: { readonly keys: readonly string[]; readonly about: string }) {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{about}</dd>
    </div>
  );
}

function setOn(isOn: boolean): void {
  areOn.value = isOn;
  try {
    localStorage.setItem(storeKey, isOn ? 'on' : 'off');
  } catch {
    // In a browser without storage the choice is lost on reload.
  }
}

function readStored(): string | null {
  try {
    return localStorage.getItem(storeKey);
  } catch {
    return null;
  }
}
