/** A template that cannot be understood or cannot be carried out; the message is Go's. */
export class TemplateError extends Error {
  static { this.prototype.name = 'TemplateError'; }
}
