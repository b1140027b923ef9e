import { useState } from 'preact/hooks';

/** Whether the keyboard is on a row, and the handlers of the element around the rows. */
export interface KeyboardRow {
  readonly isOnRow: boolean;
  readonly handlers: {
    readonly onFocusIn: (event: FocusEvent) => void;
    readonly onFocusOut: () => void;
  };
}

/** Watches whether the keyboard is on a row. The list must not move then, because the row could leave it with the focus. */
export function useKeyboardRow(): KeyboardRow {
  const [isOnRow, setOnRow] = useState(false);
  return {
    isOnRow,
    handlers: {
      onFocusIn: ({ target }) => setOnRow(isKeyboardRow(target)),
      onFocusOut: () => setOnRow(false),
    },
  };
}

function isKeyboardRow(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('[data-row]:focus-visible');
}
