<?php

// The front controller: php -S 127.0.0.1:8000 index.php

use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

require __DIR__ . '/framework.php';
require __DIR__ . '/app.php';

Route::load(__DIR__ . '/routes/api.php', '/api');
Route::load(__DIR__ . '/routes/web.php');
Route::dispatch(Request::capture())->send();
