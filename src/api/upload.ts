import { PassThrough, type Readable } from 'node:stream';

const BUFFER_BYTES = 1024 * 1024;

/**
 * The body of a request for a reader that may stop in the middle. node:http would break the connection when its own
 * stream is destroyed, and the client would never see why; here the rest is read and thrown away.
 */
export function upload(body: Readable): Readable {
  const copy = new PassThrough({ highWaterMark: BUFFER_BYTES });
  body.pipe(copy);
  body.once('error', (error) => copy.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) copy.destroy(new Error('the client went away in the middle of its upload'));
  });
  copy.once('close', () => {
    body.unpipe(copy);
    body.resume();
  });
  // Without a reader an error would end the engine; readers are told of it by their own way to read.
  copy.on('error', () => {});
  return copy;
}
