<?php

// The parts of Laravel that the handler uses, under the same names, so that the suite runs with php-cli alone. In an
// application, they are part of laravel/framework, and this file is not needed.

namespace Illuminate\Http {
    final class Request
    {
        public function __construct(
            public readonly string $method,
            public readonly string $path,
            private readonly array $headers,
            private readonly string $content,
        ) {
        }

        public static function capture(): self
        {
            $headers = array_change_key_case(getallheaders());
            $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
            return new self($_SERVER['REQUEST_METHOD'], $path, $headers, file_get_contents('php://input'));
        }

        /** As in Laravel: null if the header was not sent. */
        public function header(string $name): ?string
        {
            return $this->headers[strtolower($name)] ?? null;
        }

        public function getContent(): string
        {
            return $this->content;
        }
    }

    final class JsonResponse
    {
        public function __construct(private readonly mixed $data, private readonly int $status)
        {
        }

        public function send(): void
        {
            http_response_code($this->status);
            header('Content-Type: application/json');
            echo json_encode($this->data);
        }
    }
}

namespace Illuminate\Support\Facades {
    use Illuminate\Http\JsonResponse;
    use Illuminate\Http\Request;

    final class Route
    {
        private static array $routes = [];
        private static string $prefix = '';

        /** Adds the routes of a file, each under this prefix. */
        public static function load(string $file, string $prefix = ''): void
        {
            self::$prefix = $prefix;
            require $file;
        }

        public static function get(string $path, \Closure $action): void
        {
            self::$routes['GET ' . self::$prefix . $path] = $action;
        }

        public static function post(string $path, \Closure $action): void
        {
            self::$routes['POST ' . self::$prefix . $path] = $action;
        }

        /** Returns the response to a request. If an action throws, this is logged and the response is 500, as in Laravel. */
        public static function dispatch(Request $request): JsonResponse
        {
            $action = self::$routes["$request->method $request->path"] ?? null;
            if ($action === null) {
                return new JsonResponse(['message' => 'Not Found'], 404);
            }
            try {
                return $action($request);
            } catch (\Throwable $error) {
                error_log((string) $error);
                return new JsonResponse(['message' => 'Server Error'], 500);
            }
        }
    }

    final class Event
    {
        private static array $listeners = [];

        public static function listen(string $event, \Closure $listener): void
        {
            self::$listeners[$event][] = $listener;
        }

        public static function dispatch(object $event): void
        {
            foreach (self::$listeners[$event::class] ?? [] as $listener) {
                $listener($event);
            }
        }
    }
}

namespace Illuminate\Foundation\Events {
    use Illuminate\Support\Facades\Event;

    trait Dispatchable
    {
        public static function dispatch(mixed ...$arguments): void
        {
            Event::dispatch(new static(...$arguments));
        }
    }
}

namespace {
    use Illuminate\Http\JsonResponse;

    /** The values of config/*.php, by names with dots. */
    function config(string $name): mixed
    {
        return ['broadcasting.connections.pusher.secret' => getenv('PUSHER_APP_SECRET')][$name];
    }

    function response(): object
    {
        return new class () {
            public function json(mixed $data, int $status = 200): JsonResponse
            {
                return new JsonResponse($data, $status);
            }
        };
    }
}
