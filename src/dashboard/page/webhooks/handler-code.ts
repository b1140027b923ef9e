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
    const rawBody = req.body; // Buffer

    if (req.headers["x-pusher-key"] !== "KEY") {
      return res.status(401).json({ error: "Unknown key" });
    }

    // Compare in constant time
    const received = Buffer.from(req.headers["x-pusher-signature"] || "", "hex");
    const expected = crypto.createHmac("sha256", secret).update(rawBody).digest();

    if (received.length !== expected.length || !crypto.timingSafeEqual(received, expected)) {
      return res.status(401).json({ error: "Invalid signature" });
    }

    handleWebhookEvents(JSON.parse(rawBody.toString()).events);

    res.sendStatus(200);
  }
);

function handleWebhookEvents(events) {
  for (const event of events) {
    console.log(event.name, event.channel, event.user_id ?? "");
  }
}

app.listen(3000);
`;

/** The same for the App Router of Next.js. */
export const nextCode = `// app/api/webhooks/soketify/route.ts
import { createHmac, timingSafeEqual } from "crypto";
import { NextRequest, NextResponse } from "next/server";

export async function POST(req: NextRequest) {
  if (req.headers.get("x-pusher-key") !== "KEY") {
    return NextResponse.json({ error: "Unknown key" }, { status: 401 });
  }

  const rawBody = await req.text();

  // Compare in constant time. The secret is that of key KEY
  const received = Buffer.from(req.headers.get("x-pusher-signature") ?? "", "hex");
  const expected = createHmac("sha256", process.env.SOKETIFY_APP_SECRET!).update(rawBody).digest();

  if (received.length !== expected.length || !timingSafeEqual(received, expected)) {
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

    foreach (json_decode($rawBody, true)['events'] as $event) {
        logger($event['name'], $event);
    }

    return response()->json(['ok' => true]);
});
`;
