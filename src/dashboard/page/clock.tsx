import { Empty } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import { Clock } from './control/clock.tsx';
import { Faults } from './control/faults.tsx';
import { self } from './session.ts';
import type { GlobalPageProps } from './shell/pages.tsx';

/** What a test has in its hand: the server's clock, and faults. */
export function ClockPage({ app }: GlobalPageProps) {
  const clock = self.value?.clock;
  return (
    <Page title="Clock and faults" lead="Time that you move, and failures on demand.">
      {clock === undefined ? (
        <Empty title="No test controls this server">
          Clock and faults are there with <code>--control</code>, or in a server that{' '}
          <code>startEmulator</code> has started.
        </Empty>
      ) : (
        <>
          <Clock clock={clock} />
          <Faults app={app} />
        </>
      )}
    </Page>
  );
}
