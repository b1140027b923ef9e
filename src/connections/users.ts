import { refuseSignIn } from '../auth/user-auth.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { OnlineUsers } from '../ports/online-users.ts';
import type { Refusals } from '../ports/refusals.ts';
import { noWitness, type Witness } from '../ports/witness.ts';
import { serverToUserChannel } from '../protocol/channel-name.ts';
import type { Command } from '../protocol/decode.ts';
import { encodeError, encodeSigninSuccess, encodeWatchlistEvents } from '../protocol/encode.ts';
import { signedInAsOther, watchlistLimit, type ProtocolError } from '../protocol/errors.ts';
import { parseUserData, type UserData } from '../protocol/user-data.ts';
import { describeRefusal } from './refusal-log.ts';
import type { Session } from '../apps/session.ts';

type SignInCommand = Extract<Command, { kind: 'signin' }>;

/** What signing in needs. */
export interface UserOptions extends Refusals {
  readonly clock: Clock;
  readonly ledger: OnlineUsers;
  readonly log: Log;
  readonly witness?: Witness;
}

/** Signs users in: knows which user a connection belongs to, and which users it watches. */
export class UserSignIn {
  readonly #options: UserOptions;

  constructor(options: UserOptions) {
    this.#options = options;
  }

  /**
   * Signs the connection in, or sends an error and leaves it open. Signing in again as the same user updates what is known of
   * that user.
   */
  signIn(session: Session, { auth, userData }: SignInCommand): MaybePromise<void> {
    const { app, socketId } = session;
    const refusal = refuseSignIn(app.config, { socketId, auth, userData });
    if (refusal !== undefined) return this.#refuse(session, refusal);
    const user = parseUserData(userData, app.config.limits);
    if ('error' in user) return this.#refuse(session, user.error);
    if (session.user !== undefined && session.user.userId !== user.userId) {
      return this.#refuse(session, signedInAsOther(session.user.userId));
    }
    this.#unwatch(session);
    session.user = user;
    session.signedInAt = this.#options.clock.now();
    // Immediately, and not only once the client has subscribed, so that no event for the user is missed.
    session.socket.subscribe(app.topic(serverToUserChannel(user.userId)));
    app.addUser(session, user.userId);
    (this.#options.witness ?? noWitness).signedIn(session, user.userId);
    const watched = app.config.watchlist ? user.watchlist : [];
    session.watched = watched;
    const online = this.#options.ledger.signIn({ appId: app.config.id, userId: user.userId, watched });
    return whenReady(online, (settled) => this.#settle(session, user, userData, settled));
  }

  /** The connection has closed. */
  disconnect(session: Session): void {
    const { app, user } = session;
    if (user === undefined) return;
    session.user = undefined;
    const { ledger } = this.#options;
    ledger.unwatch(app.config.id, session.watched);
    if (app.removeUser(session, user.userId)) void ledger.signOut(app.config.id, user.userId);
  }

  #settle(session: Session, user: UserData, userData: string, online: ReadonlySet<string>): void {
    // The connection closed meanwhile.
    if (session.user !== user) return;
    const { app, socket, socketId } = session;
    const { log } = this.#options;
    if (log.isDebug) log.debug({ appId: app.config.id, socketId, userId: user.userId }, 'signed in');
    socket.send(encodeSigninSuccess(userData));
    if (!app.config.watchlist) return;
    if (user.isWatchlistCut) socket.send(encodeError(watchlistLimit(app.config.limits.watchlist)));
    if (user.watchlist.length === 0) return;
    socket.send(
      encodeWatchlistEvents({
        online: user.watchlist.filter((id) => online.has(id)),
        offline: user.watchlist.filter((id) => !online.has(id)),
      }),
    );
    for (const id of user.watchlist) socket.subscribe(app.watchTopic(id));
  }

  #refuse(session: Session, error: ProtocolError): void {
    this.#options.refused(describeRefusal(session, 'signin', error));
    session.socket.send(encodeError(error));
  }

  #unwatch(session: Session): void {
    const { app, socket, watched } = session;
    for (const id of watched) socket.unsubscribe(app.watchTopic(id));
    this.#options.ledger.unwatch(app.config.id, watched);
    session.watched = [];
  }
}
