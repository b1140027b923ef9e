import { useState } from 'preact/hooks';
import type { ClockView } from '../../../views/server.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Field } from '../components/field.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { toast } from '../components/toast.tsx';
import { duration } from '../format.ts';
import { useAction, useEvery } from '../resource.ts';
import { refresh, refreshClock } from '../session.ts';

const second = 1000;
const rereadMs = 2000;
const steps = [second, 3 * second, 60 * second, 300 * second] as const;

/** The clock of the server, with buttons that move it. */
export function Clock({ clock }: { readonly clock: ClockView }) {
  const [own, setOwn] = useState('');
  const [fault, setFault] = useState<string | undefined>(undefined);
  const action = useAction();
  // The clock runs, and a test moves it without telling the page.
  useEvery(rereadMs, refreshClock);
  const move = (path: string, body: object) =>
    action.run(async () => {
      const before = await api.control<ClockView>('GET', 'clock');
      const after = await api.control<ClockView & { readonly moved?: boolean }>('POST', path, body);
      await refresh();
      toast(
        after.moved === false
          ? 'Nothing is due, so the clock was not moved'
          : `Advanced by ${duration(after.nowMs - before.nowMs)}`,
      );
    });
  const moveOwn = () => {
    const ms = Number(own.trim());
    const isGood = own.trim() !== '' && Number.isFinite(ms) && ms >= 0;
    setFault(isGood ? undefined : `Expected milliseconds, got '${own}'.`);
    if (isGood) move('clock/advance', { ms });
  };
  return (
    <Section
      title="Clock"
      lead={
        clock.mode === 'virtual'
          ? 'The clock stands still until you move it. Everything that becomes due on the way is done.'
          : 'The clock runs in real time. You can also move it forward.'
      }
    >
      <p class="clock-face">
        <span class="clock-time">{elapsed(clock.nowMs)}</span>{' '}
        <span class="muted">since the start, {clock.mode === 'virtual' ? 'virtual' : 'real'} time</span>
      </p>
      <div class="actions" role="group" aria-label="Advance the clock">
        {steps.map((ms) => (
          <Button key={ms} changes isBusy={action.isBusy} onClick={() => move('clock/advance', { ms })}>
            + {duration(ms)}
          </Button>
        ))}
        <Button kind="primary" changes isBusy={action.isBusy} onClick={() => move('clock/next', {})}>
          To the next due time
        </Button>
      </div>
      <form
        class="form-row"
        onSubmit={(event) => {
          event.preventDefault();
          moveOwn();
        }}
      >
        <Field label="Another step" value={own} onInput={setOwn} unit="ms" fault={fault} />
        <Button type="submit" changes isBusy={action.isBusy}>
          Advance
        </Button>
      </form>
      <ErrorNotice error={action.error} title="The clock was not moved" />
    </Section>
  );
}

/** A span as a clock shows it: 0:01:23.500. */
function elapsed(ms: number): string {
  const whole = Math.floor(ms / second);
  const two = (value: number) => String(value).padStart(2, '0');
  const rest = String(Math.floor(ms % second)).padStart(3, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${rest}`;
}
