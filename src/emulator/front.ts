import type { Session } from '../apps/session.ts';
import { injected } from './faults/client-faults.ts';
import type { EmulatorCore } from './core.ts';
import { encodeError } from '../protocol/encode.ts';
import type { Front, Inside } from '../node/overrides.ts';
import { plainText, type OutgoingResponse, type RequestHead } from '../transport/http-message.ts';
import { beginningOf, type Handle, type Route } from '../transport/http.ts';
import type { SocketCommands } from '../transport/sockets.ts';

/**
 * Wraps the handlers of a controlled server. It tracks activity, so that the clock moves only after the activity is done, and
 * applies injected faults.
 */
export function createFront(inside: Inside, core: EmulatorCore, controlRoutes: readonly Route[]): Front {
  return {
    commands: watchSockets(inside, core),
    routes: [...inside.routes.map((route) => watchRoute(route, core)), ...controlRoutes],
  };
}

function watchSockets(
  { commands, apps }: Inside,
  { activity, refusals }: EmulatorCore,
): SocketCommands<Session> {
  return {
    open(socket, greeting) {
      activity.note();
      const app = apps.byKey(greeting.key);
      const refusal = app && refusals.strike(app.config.id, () => true);
      if (refusal === undefined) return commands.open(socket, greeting);
      const error = injected(refusal.refuse);
      socket.end(encodeError(error), error.code, error.message);
      return undefined;
    },
    receive(session, text) {
      activity.note();
      commands.receive(session, text);
    },
    receiveBinary(session) {
      activity.note();
      commands.receiveBinary(session);
    },
    accepts(session, bytes) {
      activity.note();
      return commands.accepts(session, bytes);
    },
    tooLarge(session) {
      activity.note();
      commands.tooLarge(session);
    },
    tooSlow: (session) => commands.tooSlow(session),
    closed(session) {
      activity.note();
      commands.closed(session);
    },
  };
}

/** Whether a route belongs to the HTTP API. Routes without an app, such as health and metrics, do not. */
export function isOfApi(pattern: string): boolean {
  return pattern.startsWith('/apps/');
}

function watchRoute(route: Route, { activity, apiFaults }: EmulatorCore): Route {
  if (!isOfApi(route.pattern)) return route;
  const beginning = beginningOf(route);
  const begin = (head: RequestHead): OutgoingResponse | Handle => {
    activity.note();
    const { appId, path } = head;
    const fault = apiFaults.strike(appId, (spec) => spec.path === undefined || path.includes(spec.path));
    if (fault !== undefined) return plainText(fault.status, fault.body ?? 'Injected fault');
    const begun = beginning(head);
    if (typeof begun !== 'function') return begun;
    return (request) => {
      activity.note();
      const answer = begun(request);
      return answer instanceof Promise ? activity.track(answer) : answer;
    };
  };
  return { ...route, begin };
}
