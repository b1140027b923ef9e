import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fileBeneath } from './files.ts';
import { MockState, type MockOptions } from './state.ts';
import { answer, Refused } from './routes.ts';
import { stream } from './stream.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A server for the page under `/dashboard/` with the content security policy of the real one, and an API with sample data. */
export function createMock(options: MockOptions): Server {
  const state = new MockState(options);
  return createServer((request, response) => {
    response.setHeader('content-security-policy', policy);
    response.setHeader('x-content-type-options', 'nosniff');
    handle(state, request, response).catch((error: unknown) => {
      const refused = error instanceof Refused ? error : new Refused(500, 'mock', String(error));
      send(response, refused.status, {
        error: { code: refused.code, message: refused.message, faults: refused.faults },
      });
    });
  });
}

async function handle(state: MockState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://mock');
  if (!url.pathname.startsWith('/dashboard/')) {
    response.writeHead(302, { location: '/dashboard/' }).end();
    return;
  }
  const path = url.pathname.slice('/dashboard/'.length);
  const body = await bodyOf(request);
  if (['session', 'login', 'logout'].includes(path)) return session(state, { path, body, response });
  if (!path.startsWith('api/')) return sendFile(path, response);
  if (!state.isOpen) throw new Refused(401, 'session', 'Log in first.');
  if (path === 'api/stream') return stream(state, { url, response });
  if (request.method !== 'GET' && state.role === 'view')
    throw new Refused(403, 'role', 'Your role is read-only: it cannot change anything.');
  const parts = path.slice(4).split('/').map(decodeURIComponent);
  await new Promise((resolve) => setTimeout(resolve, 40));
  send(
    response,
    200,
    answer(state, { method: request.method ?? 'GET', parts, query: url.searchParams, body }),
  );
}

function session(
  state: MockState,
  { path, body, response }: { path: string; body: unknown; response: ServerResponse },
): void {
  if (path === 'logout') state.isOpen = false;
  else if (path === 'login') {
    const token = (body as { token?: string }).token;
    if (token !== 'full-token' && token !== 'view-token')
      throw new Refused(
        401,
        'token',
        'The token is wrong. It is dashboard.token or dashboard.viewToken of the configuration.',
      );
    state.isOpen = true;
    state.role = token === 'full-token' ? 'full' : 'view';
  } else if (!state.isOpen) throw new Refused(401, 'session', 'Log in first.');
  send(response, 200, { role: state.role, needsLogin: state.needsLogin });
}

function sendFile(path: string, response: ServerResponse): void {
  const file = fileBeneath(path);
  if (file === undefined) throw new Refused(404, 'unknown', 'There is no such file.');
  response.setHeader('content-type', file.type);
  response.end(file.content);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? {} : JSON.parse(text);
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}
