import type { Locator, Page } from 'playwright-core';

const mostStops = 150;

/** Presses Tab until the element has the focus. Rejects, with what had it, when it is never reached. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.waitFor();
  const passed: string[] = [];
  for (let stop = 0; stop < mostStops; stop += 1) {
    const { isThere, name } = await target.evaluate((element) => {
      const focused = document.activeElement;
      const text = focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
      return { isThere: element === focused, name: `${focused?.tagName ?? ''} ${text.trim().slice(0, 30)}` };
    });
    if (isThere) return;
    passed.push(name);
    await page.keyboard.press(key);
  }
  throw new Error(
    `${key} never reaches ${target.toString()}. It went by: ${passed.slice(0, 60).join(' | ')}`,
  );
}

/** Goes to the element by Tab and presses a key there. */
export async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

/** Goes to the field by Tab and types, in place of what is in it. */
export async function type(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** An element that has or should have the focus, as a reader of failures knows it. */
export interface Stop {
  readonly name: string;
  /** Whether it can be seen that the focus is there. */
  readonly isMarked: boolean;
}

/** Goes round the page by Tab once and returns every stop. */
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

/** Runs in the page: notes each element that gets the focus, until one gets it again. */
function watchRound(): { readonly stops: Stop[]; isDone: boolean } {
  for (const element of document.querySelectorAll('[data-passed]')) element.removeAttribute('data-passed');
  // Tab goes on from where the focus was last, so it is put before everything.
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  const round = { stops: new Array<Stop>(), isDone: false };
  const isRinged = (one: Element | null) => {
    if (one === null) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
  };
  const hear = ({ target }: FocusEvent) => {
    // A heading that was opened has the focus, but is no stop.
    if (!(target instanceof HTMLElement || target instanceof SVGElement) || target.tabIndex < 0) return;
    if (target.hasAttribute('data-passed')) {
      round.isDone = true;
      document.removeEventListener('focusin', hear);
      return;
    }
    target.setAttribute('data-passed', '');
    const text = target.getAttribute('aria-label') ?? target.textContent ?? '';
    round.stops.push({
      name: `${target.tagName.toLowerCase()} ${text.trim().slice(0, 40)}`,
      // A search field is marked as a whole.
      isMarked: isRinged(target) || isRinged(target.closest('.search-field')),
    });
  };
  document.addEventListener('focusin', hear);
  return round;
}

/** What can be used with a mouse and was not passed by `stopsOf`. Rows but the first are reached by arrows. */
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
