import type { Application } from '../../apps/application.ts';
import type { ConnectionList, ClientEventToSend } from '../../connections/client-connections.ts';
import type { WorkerReading } from '../../observe/prometheus.ts';
import type { LogFields } from '../../ports/log.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { IncomingRequest, OutgoingResponse } from '../../transport/http-message.ts';
import type { TlsFiles } from '../../transport/tls.ts';
import type { KeeperOfState, WorkerOfState } from './keeper-methods.ts';
import type { Seen } from './worker-observer.ts';

/** A failed start, or an unusable certificate, in a form that can be cloned. */
export interface StartFailure {
  readonly failed: string;
  readonly code: string | undefined;
}

/** The keeper's answer to a forwarded request: a complete response, or the number of a stream. */
export type ForwardedAnswer =
  | OutgoingResponse
  | {
      readonly stream: number;
      readonly contentType: string;
      readonly headers: Readonly<Record<string, string>> | undefined;
    };

/** The levels of the log. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** What the keeper does for the workers besides keeping the state. */
export interface KeeperOfServer {
  log(from: number, level: Level, fields: LogFields, message: string): void;
  /** Receives what happened on the worker, for recording. */
  seen(from: number, seen: Seen): void;
  /** Receives the counters of the worker, shortly after they have changed. */
  counted(from: number, reading: WorkerReading, isFull: boolean): void;
  /** Answers a request for a route that only the keeper has. */
  request(from: number, route: number, request: IncomingRequest): MaybePromise<ForwardedAnswer>;
  /** The worker has sent the head of the stream's response; the keeper may start to write. */
  streamOpened(from: number, stream: number): void;
  /** The client of a stream was sent this many characters. */
  streamGiven(from: number, stream: number, characters: number): void;
  /** The client of a stream has disconnected. */
  streamGone(from: number, stream: number): void;
}

/** What a worker does for the keeper besides reaching its clients. */
export interface WorkerOfServer {
  /** Listens on this port. Resolves with the failure if it cannot. */
  serve(from: number, port: number): Promise<StartFailure | undefined>;
  /** Serves only these apps. Resolves once the clients of other apps have left. */
  serveOnly(from: number, configured: readonly Application[]): Promise<void>;
  /** Uses another certificate for new connections. */
  showCertificate(from: number, files: TlsFiles): Promise<boolean | StartFailure>;
  read(from: number): WorkerReading;
  connections(
    from: number,
    appId: string,
    channel: string | undefined,
    limit: number,
  ): MaybePromise<ConnectionList>;
  closeConnection(from: number, appId: string, socketId: string): MaybePromise<boolean>;
  closeMembers(from: number, appId: string, userId: string): MaybePromise<void>;
  sendAs(
    from: number,
    appId: string,
    socketId: string,
    event: ClientEventToSend,
  ): MaybePromise<{ readonly refusal: string } | 'unknown' | undefined>;
  /** Text of a stream. For a slow client, the keeper drops the text. */
  streamText(from: number, stream: number, text: string): void;
  streamEnd(from: number, stream: number): void;
  /** Stops accepting connections. */
  stop(from: number): void;
  /** Disconnects all clients. Resolves once they have left their channels. */
  leave(from: number): Promise<void>;
  /** Stops using the shared state. Resolves when the other nodes know, or after a time limit. */
  closeState(from: number): MaybePromise<void>;
}

/** Everything that the keeper does for the workers. */
export type Keeper = KeeperOfState & KeeperOfServer;

/** Everything that a worker does for the keeper and for the other workers. */
export type WorkerMethods = WorkerOfState & WorkerOfServer;
