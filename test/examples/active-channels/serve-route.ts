import type { RequestListener } from 'node:http';

/** The little of Next.js that a route needs: requests and responses of the web's kind. */
export function serveRoute(route: (request: Request) => Promise<Response>): RequestListener {
  return (incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      const body = Buffer.concat(await incoming.toArray());
      const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
      const url = `http://localhost${incoming.url ?? '/'}`;
      const response = await route(
        new Request(url, { method: 'POST', headers: Object.fromEntries(headers), body }),
      );
      outgoing.writeHead(response.status).end(await response.text());
    };
    answer().catch(() => outgoing.writeHead(500).end());
  };
}
