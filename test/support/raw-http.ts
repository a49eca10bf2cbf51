// One request on the engine's socket, as no client would send it.
import { request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  json(): unknown;
}

/** @param body text is sent as it stands, anything else as JSON; the type is JSON's either way */
export function ask(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
  const socketPath = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');
  const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const typed = sent === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(sent)) };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path: encodeURI(path), headers: { Host: 'onggi', ...typed, ...headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) as unknown });
      });
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end(sent);
  });
}
