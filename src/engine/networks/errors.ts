import { EngineError } from '#base/errors.ts';

// Docker's own wording: clients match on it (moby daemon/network.go and daemon/network/filter.go).

export function noSuchNetwork(ref: string): EngineError {
  return new EngineError('not-found', `network ${ref} not found`);
}

export function ambiguousNetwork(ref: string, matches: number): EngineError {
  return new EngineError('invalid', `network ${ref} is ambiguous (${matches} matches found based on ID prefix)`);
}

export function invalidFilter(name: string): EngineError {
  return new EngineError('invalid', `invalid filter '${name}'`);
}

export function invalidFilterValue(name: string, value: string): EngineError {
  return new EngineError('invalid', `invalid filter: '${name}'='${value}'`);
}

export function invalidDangling(): EngineError {
  return new EngineError('invalid', `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`);
}
