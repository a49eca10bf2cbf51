import { compileTemplate } from './format/template.ts';

/**
 * One object through `--format`: `json`, or a Go template.
 *
 * @throws {TemplateError} in Go's words
 */
export function formatObject(format: string, object: unknown): string {
  return compileTemplate(format === 'json' ? '{{json .}}' : format)(object);
}
