import { Empty } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import { Clock } from './control/clock.tsx';
import { Faults } from './control/faults.tsx';
import { self } from './session.ts';
import type { GlobalPageProps } from './shell/pages.tsx';

/** The clock and the faults of a server that a test controls. */
export function ClockPage({ app }: GlobalPageProps) {
  const clock = self.value?.clock;
  return (
    <Page title="Clock and faults" lead="Move the server's clock and inject failures.">
      {clock === undefined ? (
        <Empty title="No test controls this server">
          To use the clock and faults, start the server with <code>--control</code> or with{' '}
          <code>startEmulator</code>.
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
