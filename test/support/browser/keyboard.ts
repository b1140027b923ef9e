import type { Locator, Page } from 'playwright-core';

const mostStops = 150;

/** Presses Tab until the element has the focus. Rejects with the elements passed if it is never reached. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.waitFor();
  const passed: string[] = [];
  for (let stop = 0; stop < mostStops; stop += 1) {
    const { isFocused, name } = await target.evaluate((element) => {
      const focused = document.activeElement;
      const text = focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
      return {
        isFocused: element === focused,
        name: `${focused?.tagName ?? ''} ${text.trim().slice(0, 30)}`,
      };
    });
    if (isFocused) return;
    passed.push(name);
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never reaches ${target.toString()}. It passed: ${passed.slice(0, 60).join(' | ')}`);
}

/** Moves to the element by Tab, and presses a key there. */
export async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** Moves to the field by Tab, and replaces its text. */
export async function type(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** Describes an element that has or should have the focus, for failure messages. */
export interface Stop {
  readonly name: string;
  /** Whether the focus is visible. */
  readonly isMarked: boolean;
}

/** Presses Tab through the whole page once, and returns every stop. */
export async function stopsOf(page: Page): Promise<readonly Stop[]> {
  const round = await page.evaluateHandle(watchRound);
  try {
    for (let pressed = 0; pressed < mostStops; pressed += 10) {
      await Promise.all(Array.from({ length: 10 }, () => page.keyboard.press('Tab')));
      if (await round.evaluate(({ isDone }) => isDone)) return await round.evaluate(({ stops }) => stops);
    }
  } finally {
    await round.dispose();
  }
  throw new Error(`The page has more than ${mostStops} stops of the Tab key`);
}

/** Runs in the page: records each focused element until one repeats. */
function watchRound(): { readonly stops: Stop[]; isDone: boolean } {
  for (const element of document.querySelectorAll('[data-passed]')) element.removeAttribute('data-passed');
  // Tab continues from the last focused element, so the focus is moved to the start first.
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  const round = { stops: new Array<Stop>(), isDone: false };
  const isRinged = (one: Element | null) => {
    if (one === null) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
  };
  const onFocus = ({ target }: FocusEvent) => {
    // The heading of an opened page has the focus, but Tab does not stop there.
    if (!(target instanceof HTMLElement || target instanceof SVGElement) || target.tabIndex < 0) return;
    if (target.hasAttribute('data-passed')) {
      round.isDone = true;
      document.removeEventListener('focusin', onFocus);
      return;
    }
    target.setAttribute('data-passed', '');
    const text = target.getAttribute('aria-label') ?? target.textContent ?? '';
    round.stops.push({
      name: `${target.tagName.toLowerCase()} ${text.trim().slice(0, 40)}`,
      // A search field is highlighted as a whole.
      isMarked: isRinged(target) || isRinged(target.closest('.search-field')),
    });
  };
  document.addEventListener('focusin', onFocus);
  return round;
}

/**
 * The controls for the mouse that `stopsOf` did not pass. Rows other than the first are reached by arrow
 * keys.
 */
export function unreached(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [role="application"]')]
      .filter(
        (element) =>
          element.checkVisibility({ visibilityProperty: true }) &&
          !element.hasAttribute('data-passed') &&
          !element.matches('[data-row], input[type="radio"], :disabled'),
      )
      .map(
        (element) => `${element.tagName.toLowerCase()} ${(element.textContent ?? '').trim().slice(0, 60)}`,
      ),
  );
}
