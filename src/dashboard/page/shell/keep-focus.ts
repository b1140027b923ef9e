/** Long enough that a part of the page that moves the focus itself comes first. */
const waitMs = 100;

/**
 * Moves the keyboard focus to the closest remaining heading if the focused element is removed, such as the button of a
 * deleted endpoint. Otherwise the focus would fall to the body, and Tab would begin at the top of the page.
 */
export function keepFocus(): () => void {
  let focused: readonly Element[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onFocus = ({ target }: FocusEvent) => {
    focused = target instanceof Element ? [...withAncestors(target)] : [];
  };
  const onPress = () => {
    // A click beside all controls moves the focus to the body, and it should stay there.
    queueMicrotask(() => {
      if (document.activeElement === document.body) focused = [];
    });
  };
  const restore = () => {
    timer = undefined;
    if (isLost(focused)) headingNear(focused)?.focus({ preventScroll: true });
  };
  const observer = new MutationObserver(() => {
    if (timer === undefined && isLost(focused)) timer = setTimeout(restore, waitMs);
  });
  document.addEventListener('focusin', onFocus);
  document.addEventListener('mouseup', onPress);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener('focusin', onFocus);
    document.removeEventListener('mouseup', onPress);
    observer.disconnect();
    clearTimeout(timer);
  };
}

function isLost([element]: readonly Element[]): boolean {
  return element !== undefined && !element.isConnected && document.activeElement === document.body;
}

function headingNear(elements: readonly Element[]): HTMLElement | undefined {
  for (const element of [...elements.filter(({ isConnected }) => isConnected), document.body]) {
    const heading = element.querySelector<HTMLElement>('main h1, section > header h2');
    if (heading === null) continue;
    heading.tabIndex = -1;
    return heading;
  }
  return undefined;
}

function* withAncestors(element: Element): Generator<Element> {
  for (let up: Element | null = element; up !== null && up !== document.body; up = up.parentElement) yield up;
}
