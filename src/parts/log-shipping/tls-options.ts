import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { EngineError, codeOf, messageOf } from '#base/errors.ts';

/** Reads a certificate or key. @throws {EngineError} `invalid`, in Go's words behind `before` */
export function readPem(path: string, before: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    const reason = codeOf(thrown) === 'ENOENT' ? 'no such file or directory' : codeOf(thrown) === 'EACCES' ? 'permission denied' : messageOf(thrown);
    throw new EngineError('invalid', `${before}open ${path}: ${reason}`, { cause: thrown });
  }
}

/** What `*-tls-ca-cert`, `-cert`, `-key` and `-skip-verify` come to. */
export function tlsOptions(files: { readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined; readonly skipVerify: boolean }): ConnectionOptions {
  const { ca, cert, key, skipVerify } = files;
  return {
    rejectUnauthorized: !skipVerify,
    ...(ca && !skipVerify && { ca: readPem(ca, `could not read CA certificate ${JSON.stringify(ca)}: `) }),
    ...((cert || key) && {
      cert: readPem(cert ?? '', 'Could not load X509 key pair: '),
      key: readPem(key ?? '', 'Could not load X509 key pair: '),
    }),
  };
}
