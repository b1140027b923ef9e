import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { ConfirmHost } from '../components/confirm.tsx';
import { ErrorNotice, Loading, Notice } from '../components/notice.tsx';
import { Toasts } from '../components/toast.tsx';
import { relative, sentence } from '../format.ts';
import { replace, route } from '../router.ts';
import { appsError, refresh, retry, self, standing } from '../session.ts';
import { fullReason, live, lostSinceMs, startStream } from '../stream.ts';
import { startTicking } from '../time.ts';
import { now } from '../time.ts';
import { Header } from './header.tsx';
import { Login, LoginOver } from './login.tsx';
import { keepFocus } from './keep-focus.ts';
import { linkedApp } from './nav.ts';
import { CurrentPage } from './pages.tsx';
import { ShortcutHelp, startShortcuts } from './shortcuts.tsx';
import { Sidebar } from './sidebar.tsx';

/** The root of the page: the login, or the shell with the current page. */
export function Root() {
  useEffect(() => {
    startTicking();
    startStream();
  }, []);
  const current = standing.value;
  switch (current.state) {
    case 'starting':
      return <Loading what="the server" />;
    case 'login':
      if (current.ended === undefined) return <Login error={current.error} />;
      // The shell must be at the same place as without the login, or its state would be lost.
      return (
        <>
          <Shell />
          <LoginOver error={current.error} />
        </>
      );
    case 'failed':
      return (
        <main class="alone">
          <h1>The Dashboard cannot start</h1>
          <ErrorNotice error={current.error} onRetry={() => void retry()} />
        </main>
      );
    case 'open':
      return (
        <>
          <Shell />
          {null}
        </>
      );
  }
}

function Shell() {
  // A layout effect, so that the shortcuts work as soon as the page is visible.
  useLayoutEffect(startShortcuts, []);
  useLayoutEffect(keepFocus, []);
  useFocusOnNavigation();
  useEffect(() => {
    // The address may already name a page before its hashchange event has arrived.
    if (route.value.path.length === 0 && !/^#\/./.test(location.hash))
      replace(linkedApp.value === undefined ? ['overview'] : ['apps', linkedApp.value, 'overview']);
  }, [route.value]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          focusHeading();
        }}
      >
        Skip to content
      </a>
      <Header />
      <Sidebar />
      <main id="main">
        <ServerNotices />
        <CurrentPage />
      </main>
      <Toasts />
      <ConfirmHost />
      <ShortcutHelp />
    </>
  );
}

/** Notices that apply to every page. */
function ServerNotices() {
  const error = appsError.value;
  const firstVersion = useRef(self.value?.version);
  const isLost = live.value === 'lost' && lostSinceMs.value !== undefined;
  const isOther = self.value !== undefined && self.value.version !== firstVersion.current;
  return (
    <>
      {fullReason.value !== undefined && (
        <Notice kind="warn" title="The page receives no changes.">
          <span>The server says: {sentence(fullReason.value)} The page tries again automatically.</span>
        </Notice>
      )}
      {isLost && fullReason.value === undefined && (
        <Notice kind="warn" title="The connection to the server is lost.">
          <span>
            It was lost {relative(lostSinceMs.value ?? 0, Math.max(now.value, lostSinceMs.value ?? 0))}, so
            the page may be out of date. The page reconnects automatically.
          </span>
        </Notice>
      )}
      {isOther && (
        <Notice title="The server now runs another version.">
          <a
            href=""
            onClick={() => {
              location.reload();
            }}
          >
            Reload the page
          </a>
        </Notice>
      )}
      {error !== undefined && !isLost && (
        <ErrorNotice
          title="The settings could not be reloaded."
          error={error}
          onRetry={() => void refresh()}
        />
      )}
    </>
  );
}

/**
 * Moves the focus to the heading of a new page, so that screen readers start there. This happens in the commit of the
 * page, because later it could take the focus from a field that the user has entered.
 */
function useFocusOnNavigation(): void {
  const path = route.value.path.join('/');
  const before = useRef('');
  useLayoutEffect(() => {
    if (before.current !== '') focusHeading();
    before.current = path;
  }, [path]);
}

function focusHeading(): void {
  const heading = document.querySelector('main h1');
  if (heading instanceof HTMLElement) heading.focus();
}
