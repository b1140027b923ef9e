import type { Locator, Page } from 'playwright-core';

const mostStops = 150;

/** Presses Tab until the element has the focus. Rejects, with what had it, when it is never reached. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.waitFor();
  const passed: string[] = [];
  for (let stop = 0; stop < mostStops; stop += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
    passed.push(await nameOfFocused(page));
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
  await page.evaluate(() => {
    // Tab goes on from where the focus was last, so it is put before everything.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    for (const element of document.querySelectorAll('[data-passed]')) element.removeAttribute('data-passed');
  });
  const stops: Stop[] = [];
  for (let count = 0; count < mostStops; count += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof Element) || element === document.body) return undefined;
      if (element.hasAttribute('data-passed')) return undefined;
      element.setAttribute('data-passed', '');
      const isRinged = (one: Element | null) => {
        if (one === null) return false;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
        return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
      };
      const text = element.getAttribute('aria-label') ?? element.textContent ?? '';
      return {
        name: `${element.tagName.toLowerCase()} ${text.trim().slice(0, 40)}`,
        // A search field is marked as a whole.
        isMarked: isRinged(element) || isRinged(element.closest('.search-field')),
      };
    });
    if (stop === undefined) return stops;
    stops.push(stop);
  }
  throw new Error(`The page has more than ${mostStops} stops of the Tab key`);
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

function nameOfFocused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    const name = element?.getAttribute('aria-label') ?? element?.textContent ?? '';
    return `${element?.tagName.toLowerCase() ?? 'nothing'} ${name.trim().slice(0, 30)}`;
  });
}
