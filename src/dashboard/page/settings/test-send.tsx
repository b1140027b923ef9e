import { useState } from 'preact/hooks';
import type { EndpointView, TestView } from '../../../views/settings.ts';
import { eventNames, type EventName } from '../../../webhooks/event.ts';
import { api } from '../api.ts';
import { Button } from '../components/button.tsx';
import { Code, JsonView } from '../components/code.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Choice } from '../components/field.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { duration } from '../format.ts';
import { useAction } from '../resource.ts';
import { eventMeanings } from './event-types.ts';

const options = eventNames.map((value) => ({ value, text: value }));

/** Sends an example event to an endpoint, and explains its response. */
export function TestDialog({
  app,
  endpoint,
  onClose,
}: {
  readonly app: string;
  readonly endpoint: EndpointView;
  readonly onClose: () => void;
}) {
  const [event, setEvent] = useState<EventName>(endpoint.eventTypes[0] ?? 'channel_occupied');
  const [outcome, setOutcome] = useState<TestView | undefined>(undefined);
  const action = useAction();
  const send = () => {
    setOutcome(undefined);
    action.run(async () => {
      setOutcome(await api.test(app, endpoint.id, event));
    });
  };
  return (
    <Dialog title={`Test ${endpoint.id}`} onClose={onClose} isWide>
      <p>
        One webhook with an example event is signed as usual and sent to <code>{endpoint.url}</code>.
        {endpoint.pause !== undefined && ' It is sent even though the endpoint is paused.'}
      </p>
      <div class="actions bottom">
        <Choice label="Event type" value={event} options={options} onChange={setEvent} />
        <Button kind="primary" icon="send" isBusy={action.isBusy} onClick={send} changes>
          Send
        </Button>
      </div>
      <p class="hint">
        {eventMeanings[event]}
        {!endpoint.eventTypes.includes(event) &&
          ' This endpoint has not selected it and receives it only in this test.'}
      </p>
      <ErrorNotice error={action.error} />
      <div aria-live="polite" class="stack">
        {outcome !== undefined && <Outcome outcome={outcome} />}
      </div>
    </Dialog>
  );
}

function Outcome({ outcome }: { readonly outcome: TestView }) {
  const { result, status, error, elapsedMs, answer, verdict, request } = outcome;
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <>
      <Notice
        kind={result === 'success' ? 'good' : 'bad'}
        title={`${status ?? error ?? result} after ${duration(elapsedMs)}`}
      >
        <span>{verdict}</span>
      </Notice>
      {answer !== undefined && answer !== '' && <JsonView label="Response" text={answer} />}
      <JsonView label="Body" text={request.body} />
      <Code label="Headers as sent" text={headers.join('\n')} />
    </>
  );
}
