<?php

use App\Events\CacheMissed;
use App\Events\MemberJoined;
use App\Events\MemberLeft;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

// The rest of this file is the unchanged handler from Soketify's page, "Verification: Laravel (PHP)".

// routes/api.php
Route::post('/webhooks/soketify', function (Request $request) {
    $signature = $request->header('X-Pusher-Signature');
    $rawBody = $request->getContent();

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
