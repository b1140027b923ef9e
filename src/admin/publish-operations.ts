import type { ClientConnections } from '../connections/client-connections.ts';
import type { LocalApp } from '../apps/local-app.ts';
import type { Publisher } from '../http-api/publisher.ts';
import { OperationError, invalidQuestion } from '../operations/operation-error.ts';
import { textOf, type Operation, type Question } from '../operations/operation.ts';
import { done, object, whole } from '../operations/schema.ts';
import { clip } from '../protocol/clip.ts';
import type { ParsedObject } from '../protocol/decode.ts';
import { describeGiven, isObject } from '../protocol/json-value.ts';
import { describeUnknownField } from '../protocol/unknown-field.ts';
import { isHttpError } from '../protocol/http-error.ts';
import { decodeTrigger, type Trigger } from '../protocol/trigger-request.ts';
import { unknownConnection } from './channel-operations.ts';
import { appOf, toOperationError, type HasApps } from './parts.ts';
import { bodies, publishedFields } from './schemas.ts';

/** What the operations that send events need. */
export interface PublishParts extends HasApps {
  readonly publisher: Publisher;
  readonly connections: ClientConnections;
}

/** The operations of the event creator: send events as a backend, or in the name of a client. */
export function publishOperations(parts: PublishParts): readonly Operation[] {
  return [
    {
      method: 'post',
      path: '/apps/{app}/publish',
      id: 'publish',
      summary: 'Publishes events as a backend does. Either all events are published or none.',
      body: bodies.publish,
      answer: object({ published: whole }, ['published']),
      async run(question) {
        const app = appOf(parts, question);
        refuseDisabled(app);
        const triggers = triggersOf(app, question);
        const refusal = await parts.publisher.publish(app, triggers, 'admin');
        if (refusal !== undefined) throw toOperationError(refusal);
        return { published: triggers.length };
      },
    },
    {
      method: 'post',
      path: '/apps/{app}/client-events',
      id: 'sendClientEvent',
      summary:
        'Sends a client event in the name of a connection of this node, with the same rules and webhooks.',
      body: bodies.clientEvent,
      answer: done,
      async run(question) {
        const { id } = appOf(parts, question).config;
        const socketId = needed(question, 'socketId');
        const event = needed(question, 'event');
        if (!event.startsWith('client-')) {
          throw invalidQuestion(`event: expected a name that begins with client-, got '${clip(event)}'`);
        }
        const { channel, data } = { channel: needed(question, 'channel'), data: needed(question, 'data') };
        const answer = await parts.connections.sendAs(id, socketId, { channel, event, data });
        if (answer === 'unknown') throw unknownConnection(socketId);
        if (answer !== undefined) throw new OperationError(409, 'ERR_REFUSED', answer.refusal);
      },
    },
  ];
}

function refuseDisabled({ config }: LocalApp): void {
  if (!config.isEnabled) throw new OperationError(403, 'ERR_DISABLED', `the app '${config.id}' is disabled`);
}

function triggersOf({ config }: LocalApp, { body }: Question): readonly Trigger[] {
  const { events } = body;
  const most = config.limits.eventsPerBatch;
  if (!Array.isArray(events) || events.length === 0 || events.length > most) {
    throw invalidQuestion(
      `events: expected an array of 1 to ${most} events, such as {"name":"a","channels":["b"],"data":"c"}`,
    );
  }
  return events.map((event: unknown, index) => {
    if (!isObject(event)) throw invalidQuestion(`events[${index}]: expected an object`);
    refuseOther(event, index);
    const trigger = decodeTrigger(JSON.stringify(event), [], config.limits);
    if (isHttpError(trigger))
      throw toOperationError({ ...trigger, text: `events[${index}]: ${trigger.text}` });
    return trigger;
  });
}

/** Refuses unknown fields. Otherwise a misspelt `socket_id` would send the event to that connection as well. */
function refuseOther(event: ParsedObject, index: number): void {
  const where = `events[${index}]`;
  const unknown = describeUnknownField(where, Object.keys(event), Object.keys(publishedFields));
  if (unknown !== undefined) throw invalidQuestion(unknown);
  if (typeof event['data'] === 'string') return;
  throw invalidQuestion(
    `${where}: data: expected a string, which clients receive unchanged, got ${describeGiven(event['data'])}`,
  );
}

function needed(question: Question, name: string): string {
  const value = textOf(question, name);
  if (value === undefined) throw invalidQuestion(`${name}: missing; expected a string`);
  return value;
}
