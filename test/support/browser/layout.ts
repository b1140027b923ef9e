import type { Page } from 'playwright-core';

/**
 * Everything that is cut off or overflows the page sideways, one line per element. Tables may scroll within
 * their frame.
 */
export function cutOff(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth)
      faults.push(`the page scrolls sideways: ${root.scrollWidth} px in ${root.clientWidth}`);
    const scrolls = (element: Element) => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
    const isInScroller = (element: Element) => {
      for (let up = element.parentElement; up !== null; up = up.parentElement) if (scrolls(up)) return true;
      return false;
    };
    const isShown = (element: Element) =>
      element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
      element.closest('.visually-hidden, .skip, svg, .sidebar:not(.open)') === null;
    const nameOf = (element: Element) =>
      `<${element.tagName.toLowerCase()} class="${element.className}"> ${(element.textContent ?? '').slice(0, 40)}`;
    for (const element of document.body.querySelectorAll<HTMLElement>('*')) {
      if (!isShown(element) || isInScroller(element)) continue;
      const { left, right, width } = element.getBoundingClientRect();
      if (width > 0 && (right > root.clientWidth + 1 || left < -1))
        faults.push(`overflows: ${nameOf(element)}`);
      const style = getComputedStyle(element);
      const hides = ['hidden', 'clip'].includes(style.overflowX) && style.textOverflow !== 'ellipsis';
      if (hides && element.scrollWidth > element.clientWidth + 1)
        faults.push(`is cut off: ${nameOf(element)}`);
    }
    return faults;
  });
}
