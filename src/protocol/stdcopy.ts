/** Which of the two outputs a frame belongs to; `system` is an error of the engine itself. */
export type FrameSource = 'stdin' | 'stdout' | 'stderr' | 'system';

export interface Frame {
  readonly source: FrameSource;
  readonly payload: Buffer;
}

const SOURCES: readonly FrameSource[] = ['stdin', 'stdout', 'stderr', 'system'];
export const FRAME_HEADER_BYTES = 8;

/** A frame's header: one byte of source, three zeros, the payload's length as big-endian 32 bits. */
export function frameHeader(source: FrameSource, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  writeFrameHeader(header, 0, source, payloadBytes);
  return header;
}

/** Writes a header into `target` and answers where the payload begins. */
export function writeFrameHeader(target: Buffer, at: number, source: FrameSource, payloadBytes: number): number {
  target.writeUInt32BE(SOURCES.indexOf(source) * 2 ** 24, at);
  return target.writeUInt32BE(payloadBytes, at + 4);
}

/** A whole frame in one buffer. */
export function frame(source: FrameSource, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(source, payload.length), payload]);
}

/**
 * Takes a multiplexed stream apart. Payloads come as they arrive: a long frame is passed on in pieces, so that nothing
 * waits for its end and no frame's length decides how much memory is used.
 *
 * @throws {Error} with Docker's words where a header names a source that does not exist
 */
export async function* readFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let header = Buffer.alloc(0);
  let current: FrameSource = 'stdout';
  let left = 0;
  for await (const part of source) {
    let chunk = Buffer.from(part.buffer, part.byteOffset, part.length);
    while (chunk.length > 0) {
      if (left > 0) {
        const payload = chunk.subarray(0, left);
        left -= payload.length;
        chunk = chunk.subarray(payload.length);
        yield { source: current, payload };
        continue;
      }
      const wanted = FRAME_HEADER_BYTES - header.length;
      header = Buffer.concat([header, chunk.subarray(0, wanted)]);
      chunk = chunk.subarray(wanted);
      if (header.length < FRAME_HEADER_BYTES) continue;
      current = sourceOf(header);
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  }
}

function sourceOf(header: Buffer): FrameSource {
  const source = SOURCES[header[0] ?? 255];
  if (source === undefined) throw new Error(`Unrecognized input header: ${header[0]}`);
  return source;
}
