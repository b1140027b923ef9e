import { useState } from 'preact/hooks';
import type { EndpointView, PauseView } from '../../../views/settings.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { toast } from '../components/toast.tsx';
import { useAction } from '../resource.ts';
import { refresh } from '../session.ts';

const ways: readonly {
  readonly how: PauseView['how'];
  readonly title: string;
  readonly lines: readonly string[];
}[] = [
  {
    how: 'hold',
    title: 'Hold',
    lines: [
      'Nothing is sent. New events wait, and their five minutes do not run.',
      'After you resume, everything is sent in order. Events are dropped if the queue is full.',
    ],
  },
  {
    how: 'off',
    title: 'Off',
    lines: [
      'Nothing is sent. Waiting and new events are dropped and listed under Dropped.',
      'After you resume, the endpoint keeps its old state until later events or a reconcile correct it.',
    ],
  },
];

/** Asks how to pause an endpoint, and explains the choices. */
export function PauseDialog({
  app,
  endpoint,
  onClose,
}: {
  readonly app: string;
  readonly endpoint: EndpointView;
  readonly onClose: () => void;
}) {
  const [how, setHow] = useState<PauseView['how']>('hold');
  const action = useAction();
  const pause = () => {
    action.run(async () => {
      await api.pause(app, endpoint.id, how);
      await refresh();
      toast(`Paused ${endpoint.id}`);
      onClose();
    });
  };
  return (
    <Dialog title={`Pause ${endpoint.id}`} onClose={onClose}>
      <fieldset class="choices">
        <legend class="visually-hidden">How</legend>
        {ways.map((way) => (
          <label key={way.how} class={way.how === how ? 'choice chosen' : 'choice'}>
            <input type="radio" name="how" checked={way.how === how} onChange={() => setHow(way.how)} />
            <span>
              <strong>{way.title}</strong>
              {way.lines.map((line) => (
                <span key={line} class="hint">
                  {line}
                </span>
              ))}
            </span>
          </label>
        ))}
      </fieldset>
      <ErrorNotice error={action.error} />
      <div class="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" isBusy={action.isBusy} onClick={pause} changes>
          Pause
        </Button>
      </div>
    </Dialog>
  );
}
