<?php

use App\Models\User;
use Illuminate\Support\Facades\Route;

Route::get('/users/online', fn () => response()->json(User::online()));
