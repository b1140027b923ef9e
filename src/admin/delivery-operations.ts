import type { DeadLetterOffice } from '../delivery-log/dead-letter-office.ts';
import { explainSignature } from '../auth/explain-signature.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import { OperationError, invalidQuestion } from '../operations/operation-error.ts';
import { parameterOf, textOf, type Operation, type Question } from '../operations/operation.ts';
import type { WallTime } from '../ports/clock.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import { mostOnPage } from '../views/deliveries.ts';
import { clip } from '../protocol/clip.ts';
import type { History } from '../recording/history.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { Showing } from '../recording/views.ts';
import { appOf, refuseElsewhere, type HasApps } from './parts.ts';
import { answerOfResend } from './resend.ts';
import { bodies, ref } from './schemas.ts';
import { beforeOf, limitOf, searchOf } from './list-parameters.ts';
import { configOf } from './setting-operations.ts';

/** What the operations on events and deliveries need. */
export interface DeliveryParts extends HasApps {
  readonly configuration: ConfigurationInForce;
  readonly history: History;
  readonly recorder: Recorder;
  readonly letters: Pick<DeadLetterOffice, 'resend' | 'resendRecorded'>;
  readonly wallTime: WallTime;
  /** The queues of endpoints, or undefined if this node sends no webhooks. */
  readonly queues: () => Iterable<QueueReading> | undefined;
  /** Whether event data and webhook bodies may be shown. */
  readonly showsPayloads: boolean;
}

/** Longer bodies are refused, because explaining a mismatch takes many digests of the body. */
const maxVerified = 256 * 1024;

const defaultPage = 100;

const listQuery = {
  q: 'A search, such as `channel:presence-* status:5xx since:10m`.',
  limit: `Items on a page, at most ${mostOnPage}. Default: ${defaultPage}.`,
  before: 'The `next` of the previous page.',
};

/** The operations that list recorded events and deliveries, resend a delivery, and verify a signature. */
export function deliveryOperations(parts: DeliveryParts): readonly Operation[] {
  const { history, wallTime } = parts;
  const showing = ({ isFull }: Question): Showing => ({
    payloads: parts.showsPayloads,
    headerValues: isFull,
  });
  const page = (question: Question) => {
    const search = searchOf(question, wallTime.now());
    const before = beforeOf(question);
    return {
      appId: appOf(parts, question).config.id,
      limit: limitOf(question, defaultPage, mostOnPage),
      ...(search && { search }),
      ...(before !== undefined && { before }),
    };
  };
  return [
    {
      method: 'get',
      path: '/apps/{app}/deliveries',
      id: 'listDeliveries',
      summary: 'The recorded deliveries with their attempts, newest first.',
      query: listQuery,
      answer: ref('DeliveryPage'),
      run: async (question) => elsewhere(parts, await history.deliveries(page(question), showing(question))),
    },
    {
      method: 'get',
      path: '/apps/{app}/deliveries/{delivery}',
      id: 'showDelivery',
      summary:
        'One delivery with every attempt: headers and body as sent, and the beginning of the response.',
      answer: ref('DeliveryDetail'),
      run(question) {
        const { id: appId } = appOf(parts, question).config;
        const id = parameterOf(question, 'delivery');
        return history.delivery(appId, id, showing(question)) ?? refuseUnknownDelivery(id);
      },
    },
    {
      method: 'post',
      path: '/apps/{app}/deliveries/{delivery}/resend',
      id: 'resendDelivery',
      summary: 'Makes one more attempt now, with the same id and body and the header X-Soketify-Resend.',
      answer: ref('Attempt'),
      async run(question) {
        const { id: appId } = appOf(parts, question).config;
        const id = parameterOf(question, 'delivery');
        const attempt = answerOfResend(await resend(parts, appId, id), id);
        // Only the record has the headers.
        const recorded = history
          .delivery(appId, id, showing(question))
          ?.attemptList.find(({ resend: times }) => times === attempt.resend);
        return { ...attempt, headers: recorded?.headers ?? {} };
      },
    },
    {
      method: 'get',
      path: '/apps/{app}/events',
      id: 'listEvents',
      summary: 'The recorded webhook events, sent or not, newest first, each with the reason.',
      query: listQuery,
      answer: ref('EventPage'),
      run: async (question) => elsewhere(parts, await history.events(page(question), showing(question))),
    },
    {
      method: 'post',
      path: '/apps/{app}/verify',
      id: 'verifySignature',
      summary: 'Checks whether this app signed a webhook. If not, it explains why.',
      isQuestion: true,
      body: bodies.verify,
      answer: ref('Verify'),
      run: (question) => verify(parts, question),
    },
  ];
}

/** Explains whether the app signed the given body. */
function verify(parts: DeliveryParts, question: Question) {
  const body = textOf(question, 'body');
  const signature = textOf(question, 'signature');
  const key = textOf(question, 'key');
  if (body === undefined) {
    throw invalidQuestion('body: missing; expected the body of the webhook, exactly as received');
  }
  if (signature === undefined) {
    throw invalidQuestion('signature: missing; expected the value of the header X-Pusher-Signature');
  }
  if (body.length > maxVerified) {
    throw invalidQuestion(
      `body: got ${body.length} characters; at most ${maxVerified} are accepted. Verify longer bodies with code`,
    );
  }
  const { id } = appOf(parts, question).config;
  return explainSignature({ body, signature, ...(key !== undefined && { key }) }, configOf(parts, id));
}

/** Refuses to return an empty list if other nodes send the webhooks, because it would be misleading. */
function elsewhere<Page extends { readonly items: readonly unknown[] }>(
  { queues }: DeliveryParts,
  page: Page,
): Page {
  if (page.items.length > 0 || queues() !== undefined) return page;
  return refuseElsewhere();
}

/** Resends a dead letter if there is one, otherwise the recorded delivery. */
async function resend({ letters, recorder }: DeliveryParts, appId: string, id: string) {
  const resent = await letters.resend(appId, id);
  if (resent !== 'unknown' && !isUnavailable(resent)) return resent;
  // Another node may keep the dead letters, although this one sent the delivery and recorded it.
  const record = recorder.deliveryRecord(appId, id);
  if (record === undefined) return resent;
  return letters.resendRecorded(record.delivery);
}

function refuseUnknownDelivery(id: string): never {
  throw new OperationError(
    404,
    'ERR_DELIVERY_UNKNOWN',
    `no delivery '${clip(id)}' is recorded: the id is wrong, or the record has been deleted to make room`,
  );
}
