/** A receiver for Express, as in Soketify's documentation. KEY is a placeholder for the key whose webhooks it accepts. */
export const expressCode = `const express = require("express");
const crypto = require("crypto");

const app = express();

// The secret of key KEY
const secret = process.env.SOKETIFY_APP_SECRET;

// Use raw body for signature verification
app.use(
  "/webhooks/soketify",
  express.raw({ type: "application/json" }),
  (req, res) => {
    const signature = req.headers["x-pusher-signature"];
    const appKey = req.headers["x-pusher-key"];
    const rawBody = req.body; // Buffer

    if (appKey !== "KEY") {
      return res.status(401).json({ error: "Unknown key" });
    }

    // Compute expected signature
    const expected = crypto
      .createHmac("sha256", secret)
      .update(rawBody)
      .digest("hex");

    if (signature !== expected) {
      return res.status(401).json({ error: "Invalid signature" });
    }

    const payload = JSON.parse(rawBody.toString());
    handleWebhookEvents(payload.events);

    res.sendStatus(200);
  }
);

function handleWebhookEvents(events) {
  for (const event of events) {
    switch (event.name) {
      case "channel_occupied":
        console.log("Channel active:", event.channel);
        break;
      case "channel_vacated":
        console.log("Channel empty:", event.channel);
        break;
      case "member_added":
        console.log("Member joined:", event.user_id, "→", event.channel);
        break;
      case "member_removed":
        console.log("Member left:", event.user_id, "→", event.channel);
        break;
      case "client_event":
        console.log("Client event:", event.event, "from", event.socket_id);
        break;
      case "cache_miss":
        console.log("Cache empty:", event.channel);
        break;
    }
  }
}

app.listen(3000);
`;

/** The same for the App Router of Next.js. */
export const nextCode = `// app/api/webhooks/soketify/route.ts
import { createHmac } from "crypto";
import { NextRequest, NextResponse } from "next/server";

export async function POST(req: NextRequest) {
  const signature = req.headers.get("x-pusher-signature");
  if (!signature) {
    return NextResponse.json({ error: "Missing signature" }, { status: 401 });
  }
  if (req.headers.get("x-pusher-key") !== "KEY") {
    return NextResponse.json({ error: "Unknown key" }, { status: 401 });
  }

  const rawBody = await req.text();

  // The secret of key KEY
  const expected = createHmac("sha256", process.env.SOKETIFY_APP_SECRET!)
    .update(rawBody)
    .digest("hex");

  if (signature !== expected) {
    return NextResponse.json({ error: "Invalid signature" }, { status: 401 });
  }

  const { events } = JSON.parse(rawBody);

  for (const event of events) {
    // Process events asynchronously if needed — but respond 200 first
    void processEvent(event);
  }

  return NextResponse.json({ ok: true });
}

async function processEvent(event: { name: string; channel: string; user_id?: string }) {
  console.log(event.name, event.channel, event.user_id ?? "");
}
`;

/** The same for Laravel. */
export const laravelCode = String.raw`// routes/api.php
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

Route::post('/webhooks/soketify', function (Request $request) {
    $signature = $request->header('X-Pusher-Signature', '');
    $rawBody = $request->getContent();

    if ($request->header('X-Pusher-Key') !== 'KEY') {
        return response()->json(['error' => 'Unknown key'], 401);
    }

    // The secret of key KEY
    $expected = hash_hmac('sha256', $rawBody, config('broadcasting.connections.pusher.secret'));

    if (!hash_equals($expected, $signature)) {
        return response()->json(['error' => 'Invalid signature'], 401);
    }

    $payload = json_decode($rawBody, true);

    foreach ($payload['events'] as $event) {
        match ($event['name']) {
            'member_added' => MemberJoined::dispatch($event),
            'member_removed' => MemberLeft::dispatch($event),
            'cache_miss' => CacheMissed::dispatch($event),
            default => null,
        };
    }

    return response()->json(['ok' => true]);
});
`;
