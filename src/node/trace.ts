import type { LocalApps } from '../apps/local-app.ts';
import type { Config } from '../config/schema/schema.ts';
import type { Log, LogFields } from '../ports/log.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import type { PublishTopic, Socket } from '../ports/socket.ts';
import type { Outcome, WebhookSender } from '../ports/webhook-sender.ts';
import { clip } from '../protocol/clip.ts';
import { holdsSecret } from '../config/checks/exposure.ts';
import { maskCredentials } from '../protocol/mask-credentials.ts';
import type { Front } from './overrides.ts';
import type { HttpAnswer, OutgoingResponse, RequestHead } from '../transport/http-message.ts';
import { beginningOf, type Handle, type Route } from '../transport/http.ts';

/** The maximum number of characters of a frame or body in a log line. */
const tracedLength = 2000;

/** The dependencies of a trace. */
export interface TraceOptions {
  readonly log: Log;
  /** The apps, whose secrets are masked wherever they occur. */
  readonly apps: LocalApps;
  /** Contains further secrets. */
  readonly config: Pick<Config, 'control' | 'dashboard' | 'tls'>;
}

/**
 * Logs the traffic: frames and bodies, clipped and without credentials. It wraps the parts between the network and the use
 * cases, and is created only if the log's level asks for it.
 */
export class Trace {
  readonly #log: Log;
  readonly #apps: LocalApps;
  readonly #secrets: readonly string[];

  constructor({ log, apps, config: { control, dashboard, tls } }: TraceOptions) {
    this.#log = log;
    this.#apps = apps;
    const secrets = [control?.token, dashboard?.token, dashboard?.viewToken, tls?.passphrase];
    this.#secrets = secrets.filter((secret) => secret !== undefined);
  }

  /** Returns the same front, traced. */
  front({ commands, routes }: Front): Front {
    return {
      commands: {
        open: (socket, greeting) => {
          const traced = new TracedSocket(socket, (fields, frame) =>
            this.#write({ ...fields, frame: this.#show(frame) }, 'frame sent'),
          );
          const session = commands.open(traced, greeting);
          traced.socketId = session?.socketId;
          return session;
        },
        receive: (session, text) => {
          this.#write({ socketId: session.socketId, frame: this.#show(text) }, 'frame received');
          commands.receive(session, text);
        },
        receiveBinary: (session) => {
          this.#write({ socketId: session.socketId }, 'binary frame received');
          commands.receiveBinary(session);
        },
        accepts: (session, bytes) => commands.accepts(session, bytes),
        tooLarge: (session) => commands.tooLarge(session),
        tooSlow: (session) => commands.tooSlow(session),
        closed: (session) => commands.closed(session),
      },
      routes: routes.map((route) => this.#route(route)),
    };
  }

  /** Returns the same `publish`, traced: one line for all subscribers. */
  publish(publish: PublishTopic): PublishTopic {
    return (topic, frame) => {
      this.#write({ topic, frame: this.#show(frame) }, 'frame sent');
      publish(topic, frame);
    };
  }

  /** Returns the same sender, traced. */
  sender(sender: WebhookSender): WebhookSender {
    return {
      send: async (request, timeoutMs) => {
        const { appId, endpointId: endpoint, body } = request;
        const about = { appId, endpoint, webhookId: request.headers['webhook-id'] };
        this.#write({ ...about, body: this.#showBytes(body) }, 'webhook sent');
        const outcome = await sender.send(request, timeoutMs);
        this.#write({ ...about, ...this.#showOutcome(outcome) }, 'webhook answered');
        return outcome;
      },
      close: () => sender.close(),
    };
  }

  #route(route: Route): Route {
    const beginning = beginningOf(route);
    // Settings contain secrets in places that no mask covers, such as the headers of an endpoint.
    const showBytes = (bytes: Uint8Array): string =>
      route.port === 'dashboard' ? `(${bytes.byteLength} bytes)` : this.#showBytes(bytes);
    const showBody = (response: HttpAnswer): string =>
      route.port === 'dashboard' && !('stream' in response)
        ? `(${Buffer.byteLength(response.body)} bytes)`
        : this.#showBody(response);
    const begin = (head: RequestHead): OutgoingResponse | Handle => {
      const about = { method: head.method, path: this.#show(head.path) };
      const query = this.#show(head.rawQuery);
      const answered = <Given extends HttpAnswer>(response: Given): Given => {
        const { status } = response;
        this.#write({ ...about, status, body: showBody(response) }, 'request answered');
        return response;
      };
      const begun = beginning(head);
      if (typeof begun !== 'function') {
        // The body of a request to such a route is not read.
        this.#write({ ...about, query }, 'request received');
        return answered(begun);
      }
      return (request) => {
        this.#write({ ...about, query, body: showBytes(request.body) }, 'request received');
        return whenReady(begun(request), answered);
      };
    };
    return { ...route, begin };
  }

  #write(fields: LogFields, message: string): void {
    this.#log.trace(fields, message);
  }

  /** Masks the response of an endpoint too: it may repeat the request, as error pages do. */
  #showOutcome(outcome: Outcome): Outcome {
    if (outcome.kind !== 'answered') return outcome;
    const { body, headers, location } = outcome;
    const shown = Object.entries(headers ?? {}).map(([name, value]) => [name, this.#show(value)] as const);
    return {
      ...outcome,
      ...(body !== undefined && { body: this.#show(body) }),
      ...(headers !== undefined && { headers: Object.fromEntries(shown) }),
      ...(location !== undefined && { location: this.#show(location) }),
    };
  }

  #showBody(response: HttpAnswer): string {
    if ('stream' in response) return '(a stream)';
    const { body } = response;
    return typeof body === 'string' ? this.#show(body) : `(${body.length} bytes)`;
  }

  #showBytes(bytes: Uint8Array): string {
    return this.#show(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  }

  #show = (text: string): string => clip(maskCredentials(text, this.#allSecrets()), tracedLength);

  *#allSecrets(): Generator<string, void> {
    for (const secret of this.#secrets) yield secret;
    for (const { config } of this.#apps) {
      yield config.secret;
      for (const { secret } of config.otherKeys) yield secret;
      for (const { headers } of config.endpoints) yield* secretsIn(headers);
    }
  }
}

/** A socket whose frames are logged before they are sent. */
class TracedSocket implements Socket {
  /** Undefined until the connection is established. */
  socketId: string | undefined;
  readonly #socket: Socket;
  readonly #log: (fields: LogFields, frame: string) => void;

  constructor(socket: Socket, log: (fields: LogFields, frame: string) => void) {
    this.#socket = socket;
    this.#log = log;
  }

  send(frame: string): void {
    this.#log({ socketId: this.socketId }, frame);
    this.#socket.send(frame);
  }

  end(lastFrame: string, code: number, reason: string): void {
    this.#log({ socketId: this.socketId, code }, lastFrame);
    this.#socket.end(lastFrame, code, reason);
  }

  publishToOthers(topic: string, frame: string): void {
    this.#log({ topic, except: this.socketId }, frame);
    this.#socket.publishToOthers(topic, frame);
  }

  ping(): void {
    this.#socket.ping();
  }

  cut(): void {
    this.#socket.cut();
  }

  subscribe(topic: string): void {
    this.#socket.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this.#socket.unsubscribe(topic);
  }
}

/** The secrets in the headers that authenticate a sender. An endpoint may repeat them in its response. */
function* secretsIn(headers: Readonly<Record<string, string>>): Generator<string, void> {
  for (const [name, value] of Object.entries(headers)) if (holdsSecret(name)) yield value;
}
