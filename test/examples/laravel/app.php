<?php

// The application: its events, their listeners, and the table of users, which is a file here.

namespace App\Events {
    use Illuminate\Foundation\Events\Dispatchable;

    final class MemberJoined
    {
        use Dispatchable;

        public function __construct(public readonly array $event)
        {
        }
    }

    final class MemberLeft
    {
        use Dispatchable;

        public function __construct(public readonly array $event)
        {
        }
    }

    final class CacheMissed
    {
        use Dispatchable;

        public function __construct(public readonly array $event)
        {
        }
    }
}

namespace App\Models {
    final class User
    {
        /** Marks a user as online or offline. */
        public static function setOnline(string $id, bool $isOnline): void
        {
            $online = array_diff(self::online(), [$id]);
            if ($isOnline) {
                $online[] = $id;
            }
            file_put_contents(getenv('USERS_FILE'), json_encode(array_values($online)));
        }

        /** The ids of the online users. */
        public static function online(): array
        {
            $file = getenv('USERS_FILE');
            return is_file($file) ? json_decode(file_get_contents($file), true) : [];
        }
    }
}

namespace {
    use App\Events\MemberJoined;
    use App\Events\MemberLeft;
    use App\Models\User;
    use Illuminate\Support\Facades\Event;

    Event::listen(MemberJoined::class, fn (MemberJoined $joined) => User::setOnline($joined->event['user_id'], true));
    Event::listen(MemberLeft::class, fn (MemberLeft $left) => User::setOnline($left->event['user_id'], false));
}
