import { describe, expect, it } from 'vitest';
import { clientCode, serverCode } from '../../../src/dashboard/page/overview/snippet-code.ts';
import { filled, type SnippetFacts } from '../../../src/dashboard/page/overview/snippets.ts';

const facts: SnippetFacts = {
  appId: 'shop',
  key: 'key-1',
  address: { host: '127.0.0.1', port: 6001, path: '', isTls: false },
  pageHost: 'page.example.com',
};

describe('The snippets of the first steps', () => {
  it('use the address and the key of this server', () => {
    const snippet = filled(clientCode, facts);
    expect(snippet).toContain(`wsHost: '127.0.0.1'`);
    expect(snippet).toContain('wsPort: 6001');
    expect(snippet).toContain(`'key-1'`);
    expect(snippet).not.toContain('wsPath');
    expect(snippet).not.toContain('%');
    expect(filled(serverCode, facts)).toContain(`port: '6001'`);
  });

  it('use TLS and the path if the server has them', () => {
    const address = { host: 'ws.example.com', port: 443, path: '/realtime', isTls: true };
    const snippet = filled(clientCode, { ...facts, address });
    expect(snippet).toContain('wssPort: 443');
    expect(snippet).toContain(`wsPath: '/realtime'`);
    expect(snippet).toContain('forceTLS: true');
  });

  it('put an IPv6 address in brackets, because the libraries put the host into a URL', () => {
    const address = { ...facts.address, host: '::1' };
    expect(filled(clientCode, { ...facts, address })).toContain(`wsHost: '[::1]'`);
    expect(filled(serverCode, { ...facts, address })).toContain(`host: '[::1]'`);
  });

  it.each(['0.0.0.0', '::', ''])('do not use %o, to which no client can connect', (host) => {
    const address = { ...facts.address, host };
    expect(filled(clientCode, { ...facts, address })).toContain(`wsHost: 'page.example.com'`);
    expect(filled(serverCode, { ...facts, address })).toContain(`host: 'page.example.com'`);
  });
});
