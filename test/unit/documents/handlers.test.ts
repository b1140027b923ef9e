import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { transformSync } from 'esbuild';
import { blockUnder, root } from '../../support/documents/pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'handlers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = 'app-secret';
const body = JSON.stringify({
  time_ms: 1,
  events: [{ name: 'member_added', channel: 'presence-a', user_id: '42' }],
});
const signature = createHmac('sha256', secret).update(body).digest('hex');
const signatures = {
  good: signature,
  forged: signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
  missing: '',
};

/** Whether a program is installed. */
function has(program: string, question = '--version'): boolean {
  return spawnSync(program, [question], { stdio: 'ignore' }).error === undefined;
}

function run(program: string, args: readonly string[], input = ''): string {
  const env = { ...process.env, SOKETIFY_APP_SECRET: secret };
  return execFileSync(program, args, { input, env, encoding: 'utf8' });
}

/** Answers to a signed, a forged and an unsigned request. */
const wanted = { good: 200, forged: 401, missing: 401 };

describe('the handlers in docs/webhooks.md', () => {
  test('Next.js: verifies, and refuses a forged body', () => {
    const source = blockUnder('docs/webhooks.md', 'Next\\.js', 'ts');
    const { code } = transformSync(source, { loader: 'ts', format: 'esm' });
    const file = join(folder, 'route.mjs');
    const checks = `const answers = {};
      for (const [name, signature] of Object.entries(${JSON.stringify(signatures)})) {
        const headers = { 'x-pusher-signature': signature };
        const request = new Request('http://x/', { method: 'POST', body: ${JSON.stringify(body)}, headers });
        answers[name] = (await POST(request)).status;
      }
      process.stderr.write(JSON.stringify(answers));`;
    writeFileSync(file, `${code}\n${checks}`);
    const { stderr } = spawnSync(process.execPath, [file], {
      env: { ...process.env, SOKETIFY_APP_SECRET: secret },
      encoding: 'utf8',
    });
    expect(JSON.parse(stderr)).toEqual(wanted);
  });

  test('Express: verifies, and refuses a forged body', () => {
    const checks = `const listening = app.listen(0, async () => {
        const answers = {};
        for (const [name, signature] of Object.entries(${JSON.stringify(signatures)})) {
          const headers = { 'content-type': 'application/json', 'x-pusher-signature': signature };
          const url = \`http://127.0.0.1:\${listening.address().port}/webhooks/soketify\`;
          answers[name] = (await fetch(url, { method: 'POST', body: ${JSON.stringify(body)}, headers })).status;
        }
        process.stderr.write(JSON.stringify(answers), () => process.exit(0));
      });`;
    const file = join(folder, 'express.mjs');
    symlinkSync(`${root}node_modules`, join(folder, 'node_modules'));
    writeFileSync(file, `${blockUnder('docs/webhooks.md', 'Express', 'js')}\n${checks}`);
    const { stderr } = spawnSync(process.execPath, [file], {
      env: { ...process.env, SOKETIFY_APP_SECRET: secret },
      encoding: 'utf8',
    });
    expect(JSON.parse(stderr)).toEqual(wanted);
  });

  test.skipIf(!has('python3'))('Django: verifies, and refuses a forged body', () => {
    const modules = ['django', 'django.http', 'django.views', 'django.views.decorators'];
    const fakes = `import sys, types, json
for name in ${JSON.stringify([...modules, 'django.views.decorators.csrf', 'django.views.decorators.http'])}:
    sys.modules[name] = types.ModuleType(name)
class HttpResponse:
    def __init__(self, body="", status=200): self.status_code = status
sys.modules["django.http"].HttpResponse = HttpResponse
sys.modules["django.views.decorators.csrf"].csrf_exempt = lambda view: view
sys.modules["django.views.decorators.http"].require_POST = lambda view: view
`;
    const checks = `
class Request:
    def __init__(self, signature): self.body, self.headers = ${JSON.stringify(body)}.encode(), {"X-Pusher-Signature": signature}
answers = {name: soketify_webhook(Request(signature)).status_code for name, signature in ${JSON.stringify(signatures)}.items()}
print("ANSWERS" + json.dumps(answers))
`;
    const output = run(
      'python3',
      ['-'],
      `${fakes}${blockUnder('docs/webhooks.md', 'Django', 'python')}${checks}`,
    );
    expect(JSON.parse(output.split('ANSWERS')[1] ?? '')).toEqual(wanted);
  });

  test.skipIf(!has('php'))('Laravel: verifies, and refuses a forged body', () => {
    const fakes = `<?php
namespace Illuminate\\Http { class Request {
  public function __construct(private string $body, private string $signature) {}
  public function getContent() { return $this->body; }
  public function header($name) { return $this->signature; }
  public function json($key) { return json_decode($this->body, true)[$key]; } } }
namespace Illuminate\\Support\\Facades {
  class Log { static function info($text, $context) {} }
  class Route { static $handler; static function post($path, $handler) { self::$handler = $handler; } } }
namespace {
class Aborted extends Exception {}
function env($name) { return getenv($name); }
function abort($status) { throw new Aborted('', $status); }
function response($body) { return 200; }
`;
    const source = blockUnder('docs/webhooks.md', 'Laravel', 'php');
    const checks = `
$answers = [];
foreach (json_decode('${JSON.stringify(signatures)}', true) as $name => $signature) {
  try { $answers[$name] = (Route::$handler)(new Request('${body}', $signature)); }
  catch (Aborted $aborted) { $answers[$name] = $aborted->getCode(); }
}
echo json_encode($answers);
}`;
    const file = join(folder, 'handler.php');
    writeFileSync(file, `${fakes}${source}${checks}`);
    expect(JSON.parse(run('php', [file]))).toEqual(wanted);
  });

  test.skipIf(!has('gofmt', '-h'))('Go: parses, in the usual format', () => {
    expect(run('gofmt', ['-d'], blockUnder('docs/webhooks.md', 'Go', 'go'))).toBe('');
  });

  test.skipIf(!has('ruby'))('Rails: parses', () => {
    expect(run('ruby', ['-c'], blockUnder('docs/webhooks.md', 'Rails', 'ruby'))).toContain('Syntax OK');
  });
});
