import type { Application } from '../../apps/application.ts';
import type { ConnectionList, ClientEventToSend } from '../../connections/client-connections.ts';
import type { WorkerReading } from '../../observe/prometheus.ts';
import type { LogFields } from '../../ports/log.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { IncomingRequest, OutgoingResponse } from '../../transport/http-message.ts';
import type { TlsFiles } from '../../transport/tls.ts';
import type { KeeperOfState, WorkerOfState } from './keeper-methods.ts';
import type { Seen } from './seen.ts';

/** A start that failed, or a certificate that cannot be used, as it can be cloned. */
export interface StartFailure {
  readonly failed: string;
  readonly code: string | undefined;
}

/** What the keeper answers a request that a worker has passed on: at once, or by a stream of that number. */
export type ForwardedAnswer =
  | OutgoingResponse
  | {
      readonly stream: number;
      readonly contentType: string;
      readonly headers: Readonly<Record<string, string>> | undefined;
    };

/** The levels of the log. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** What the keeper does for the workers beside keeping the state. */
export interface KeeperOfServer {
  log(from: number, level: Level, fields: LogFields, message: string): void;
  /** What has happened on the worker, for whoever looks. */
  seen(from: number, seen: Seen): void;
  /** What the worker has counted, whenever that has changed, a little later. */
  counted(from: number, reading: WorkerReading, isFull: boolean): void;
  /** Answers a request for a route that only the keeper has. */
  request(from: number, route: number, request: IncomingRequest): MaybePromise<ForwardedAnswer>;
  /** The head of a stream's answer is on its way: begin. */
  streamOpened(from: number, stream: number): void;
  /** The client of a stream was given so many characters. */
  streamGiven(from: number, stream: number, characters: number): void;
  /** The client of a stream has gone. */
  streamGone(from: number, stream: number): void;
}

/** What a worker does for the keeper beside reaching its clients. */
export interface WorkerOfServer {
  /** Listens on this port, or says why it cannot. */
  serve(from: number, port: number): Promise<StartFailure | undefined>;
  /** Serves these apps alone. Resolves once the clients of others have left. */
  serveOnly(from: number, configured: readonly Application[]): Promise<void>;
  /** Shows another certificate to whoever connects from now on. */
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
  /** Text of a stream; what a slow client is sent meanwhile is dropped by the keeper. */
  streamText(from: number, stream: number, text: string): void;
  streamEnd(from: number, stream: number): void;
  /** Accepts nobody any more. */
  stop(from: number): void;
  /** Sends everybody away. Resolves once all have left their channels. */
  leave(from: number): Promise<void>;
  /** Ends its use of the shared state. Resolves when the other nodes know it, or after a time limit. */
  closeState(from: number): MaybePromise<void>;
}

/** All that the keeper does for the workers. */
export type Keeper = KeeperOfState & KeeperOfServer;

/** All that a worker does for the keeper, and for the other workers. */
export type WorkerMethods = WorkerOfState & WorkerOfServer;
