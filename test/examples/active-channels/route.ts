import { createHmac, timingSafeEqual } from 'node:crypto';

/** The channels with subscribers, as the application knows them. */
export const activeChannels = new Set<string>();

/** A route of the Next.js App Router, such as app/api/webhooks/soketify/route.ts; it needs nothing of Next.js itself. */
export async function POST(req: Request): Promise<Response> {
  const signature = req.headers.get('x-pusher-signature');
  if (!signature) {
    return Response.json({ error: 'Missing signature' }, { status: 401 });
  }

  const rawBody = await req.text();

  const expected = createHmac('sha256', process.env['SOKETIFY_APP_SECRET'] ?? '')
    .update(rawBody)
    .digest('hex');
  const sent = Buffer.from(signature);

  if (sent.length !== expected.length || !timingSafeEqual(sent, Buffer.from(expected))) {
    return Response.json({ error: 'Invalid signature' }, { status: 401 });
  }

  const { events } = JSON.parse(rawBody) as { events: { name: string; channel: string }[] };

  for (const event of events) {
    processEvent(event);
  }

  return Response.json({ ok: true });
}

function processEvent(event: { readonly name: string; readonly channel: string }): void {
  switch (event.name) {
    case 'channel_occupied':
      activeChannels.add(event.channel);
      break;
    case 'channel_vacated':
      activeChannels.delete(event.channel);
      break;
  }
}
