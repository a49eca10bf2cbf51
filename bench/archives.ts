// Images for the comparison, made as docker-archives in memory: no registry is needed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const BUSYBOX = 'bench/busybox:1';

type Entry = { readonly name: string; readonly type: '0' | '2' | '5'; readonly link?: string; readonly data?: Buffer };

function header({ name, type, link = '', data }: Entry): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number): void => void block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  block.write(name, 0, 100);
  octal(0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(data?.length ?? 0, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(link, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(block.reduce((sum, byte) => sum + byte, 0), 148, 7);
  return block;
}

function tar(entries: readonly Entry[]): Buffer {
  const pieces = entries.flatMap((entry) => [header(entry), entry.data ?? Buffer.alloc(0), Buffer.alloc((512 - ((entry.data?.length ?? 0) % 512)) % 512)]);
  return Buffer.concat([...pieces, Buffer.alloc(1024)]);
}

function image(layers: readonly Buffer[], tag: string): Buffer {
  const diffIds = layers.map((layer) => `sha256:${createHash('sha256').update(layer).digest('hex')}`);
  const config = Buffer.from(JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: layers.map((_, index) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${index}` })),
  }));
  const name = `${createHash('sha256').update(config).digest('hex')}.json`;
  const manifest = [{ Config: name, RepoTags: [tag], Layers: layers.map((_, index) => `${index}/layer.tar`) }];
  return tar([
    { name, type: '0', data: config },
    ...layers.map((data, index): Entry => ({ name: `${index}/layer.tar`, type: '0', data })),
    { name: 'manifest.json', type: '0', data: Buffer.from(JSON.stringify(manifest)) },
  ]);
}

function busyboxLayer(): Buffer {
  const applets = execFileSync('busybox', ['--list'], { encoding: 'utf8' }).split('\n').filter((name) => name !== '' && name !== 'busybox');
  return tar([
    ...['bin', 'etc', 'tmp', 'root'].map((name): Entry => ({ name, type: '5' })),
    { name: 'bin/busybox', type: '0', data: readFileSync('/bin/busybox') },
    { name: 'etc/passwd', type: '0', data: Buffer.from('root:x:0:0:root:/root:/bin/sh\n') },
    { name: 'etc/group', type: '0', data: Buffer.from('root:x:0:\n') },
    ...applets.map((name): Entry => ({ name: `bin/${name}`, type: '2', link: 'busybox' })),
  ]);
}

export function busyboxArchive(): Buffer {
  return image([busyboxLayer()], BUSYBOX);
}

/** Busybox and so many layers of one file each. */
export function bigArchive(content: () => Buffer, layers: number): Buffer {
  const files = Array.from({ length: layers }, (_, index) => tar([{ name: `data${index}`, type: '0', data: content() }]));
  return image([busyboxLayer(), ...files], 'bench/big:1');
}
