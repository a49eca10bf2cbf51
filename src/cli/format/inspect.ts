import { withBridgeAddress } from './bridge-address.ts';
import { parsingError } from './listing.ts';
import { compileTemplate, TemplateError } from './template.ts';
import { decode, decodeUntyped } from './typed/decode.ts';

/** What `inspect` may be asked of. Others are read without types. */
export type InspectedKind = 'container' | 'image' | 'network' | 'volume';

const TYPES: Readonly<Record<InspectedKind, string>> = {
  container: 'container.InspectResponse', image: 'image.InspectResponse', network: 'network.Inspect', volume: 'volume.Volume',
};

/**
 * What `inspect` prints of the engine's answers: an indented list, one line with `json`, or a template's text for each.
 * A template sees docker's own structs first (`.ID`) and, where it asks for what they lack, the answer as it came (`.Id`).
 *
 * @throws {TemplateError} with docker's `template parsing error: ` in front
 */
export function formatInspect(kind: InspectedKind | undefined, elements: readonly unknown[], format: string = ''): string {
  if (format === '') return elements.length === 0 ? '[]\n' : `${JSON.stringify(elements, null, 4)}\n`;
  if (format === 'json') return `${JSON.stringify(elements)}\n`;
  const render = compileInspect(kind, format);
  return elements.map((element) => `${render(element)}\n`).join('');
}

/** Reads a template for `inspect`, so that its faults show before anything is asked of the engine. */
export function compileInspect(kind: InspectedKind | undefined, format: string): (element: unknown) => string {
  return marked(() => {
    const typed = compileTemplate(format);
    const untyped = compileTemplate(format, { missingKey: 'error' });
    return (element: unknown): string => marked(() => {
      if (kind === undefined) return untyped(decodeUntyped(element));
      try {
        return typed(decode(TYPES[kind], kind === 'container' ? withBridgeAddress(element) : element));
      } catch (error) {
        // Docker reads volumes into structs only.
        if (!(error instanceof TemplateError) || kind === 'volume') throw error;
        return untyped(decodeUntyped(element));
      }
    });
  });
}

function marked<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw parsingError(error);
  }
}
