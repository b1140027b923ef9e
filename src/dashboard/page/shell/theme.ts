import { effect, signal } from '@preact/signals';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const storeKey = 'soketify-theme';

/** Whether the page is light, dark, or follows the system. */
export const theme = signal<Theme>(themes.find((one) => one === readStored()) ?? 'system');

/** Switches to the next theme. */
export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system';
  try {
    localStorage.setItem(storeKey, theme.value);
  } catch {
    // In a browser without storage the choice is lost on reload.
  }
}

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});

function readStored(): string | null {
  try {
    return localStorage.getItem(storeKey);
  } catch {
    return null;
  }
}
