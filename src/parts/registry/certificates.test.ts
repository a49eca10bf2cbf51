import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempDisposableSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { TLSSocket } from 'node:tls';
import { ANONYMOUS } from './credentials.ts';
import { Registries } from './registries.ts';
import { registrySettings, type RegistrySettings } from './settings.ts';

const soon = (): AbortSignal => AbortSignal.timeout(10_000);

/** A key and a self-signed certificate for loopback in `folder`. */
function makeCertificate(folder: string): { readonly key: string; readonly cert: string } {
  const paths = { key: join(folder, 'made.key'), cert: join(folder, 'made.pem') };
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=loopback'];
  execFileSync('openssl', [...request, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', paths.key, '-out', paths.cert], { stdio: 'ignore' });
  return paths;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function reach(host: string, isVerified: boolean, over: Partial<RegistrySettings>): Promise<void> {
  using registries = new Registries(registrySettings(over));
  await registries.connect({ url: new URL(`https://${host}/`), isMirror: false, isVerified }, 'a', ANONYMOUS, soon());
}

test('a certificate is trusted when its authority lies in certs.d, or when the registry is named insecure', async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'certs-'));
  const made = makeCertificate(place.path);
  const server = createServer({ key: readFileSync(made.key), cert: readFileSync(made.cert) }, (_, response) => void response.end('{}'));
  const host = await listening(server);
  try {
    const over = { certsRoot: join(place.path, 'certs.d') };
    await assert.rejects(reach(host, true, over), { message: `Get "https://${host}/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority` });
    await reach(host, false, over);
    mkdirSync(join(over.certsRoot, host), { recursive: true });
    copyFileSync(made.cert, join(over.certsRoot, host, 'ca.crt'));
    await reach(host, true, over);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a client certificate in certs.d is shown to its host; half a pair is an error', async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'certs-'));
  const made = makeCertificate(place.path);
  let shown: unknown;
  const server = createServer({ key: readFileSync(made.key), cert: readFileSync(made.cert), requestCert: true, rejectUnauthorized: false }, (request, response) => {
    shown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    response.end('{}');
  });
  const host = await listening(server);
  const folder = join(place.path, 'certs.d', host);
  mkdirSync(folder, { recursive: true });
  copyFileSync(made.cert, join(folder, 'client.cert'));
  copyFileSync(made.key, join(folder, 'client.key'));
  try {
    const over = { certsRoot: join(place.path, 'certs.d') };
    await reach(host, false, over);
    assert.equal(shown, 'loopback');
    rmSync(join(folder, 'client.key'));
    await assert.rejects(reach(host, false, over), { message: 'missing key client.key for client certificate client.cert. CA certificates must use the extension .crt' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a proxy is gone through, by CONNECT for TLS', async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'certs-'));
  const made = makeCertificate(place.path);
  const registry = createServer({ key: readFileSync(made.key), cert: readFileSync(made.cert) }, (_, response) => void response.end('{}'));
  const host = await listening(registry);
  const asked: string[] = [];
  const proxy = createPlain().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const through = connect(Number(host.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const https = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  try {
    await reach('registry.example', false, { certsRoot: join(place.path, 'none'), proxies: { http: '', https, noProxy: '' } });
    assert.deepEqual(asked, ['registry.example:443']);
  } finally {
    for (const server of [proxy, registry]) {
      server.closeAllConnections();
      server.close();
    }
  }
});
