import { apiAtLeast, MAX_API_VERSION, MIN_API_VERSION } from '#protocol/api-version.ts';
import { empty, json, plain, type WholeAnswer } from './answer.ts';
import type { Found, Router } from './router.ts';

/** Where a request goes: to a route, or straight back with an answer. */
export type Destination =
  | { readonly type: 'route'; readonly found: Found; readonly version: string; readonly rawQuery: string }
  | { readonly type: 'answer'; readonly answer: WholeAnswer };

const VERSIONED = /^\/v([0-9.]+)(\/.*)$/;

/** Finds the route of a request line; the API version is looked at only where a route is there, as dockerd does it. */
export function destinationOf(router: Router, method: string, target: string): Destination {
  if (method === 'OPTIONS') return back(empty(200));
  const mark = target.indexOf('?');
  const whole = mark < 0 ? target : target.slice(0, mark);
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1);
  if (whole.includes('//')) return back(moved(whole.replace(/\/{2,}/g, '/'), rawQuery));

  const versioned = VERSIONED.exec(whole);
  const version = versioned?.[1] ?? MAX_API_VERSION;
  const found = router.find(method, versioned?.[2] ?? whole);
  if (!found) return back(json({ message: 'page not found' }, 404));
  if (!apiAtLeast(version, MIN_API_VERSION)) return back(tooOld(version));
  if (!apiAtLeast(MAX_API_VERSION, version)) return back(tooNew(version));
  return { type: 'route', found, version, rawQuery };
}

function back(answer: WholeAnswer): Destination {
  return { type: 'answer', answer };
}

function moved(path: string, rawQuery: string): WholeAnswer {
  const location = rawQuery === '' ? path : `${path}?${rawQuery}`;
  return { type: 'whole', status: 301, headers: { Location: location }, body: '' };
}

function tooOld(version: string): WholeAnswer {
  const advice = `Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`;
  return plain(`client version ${version} is too old. ${advice}\n`, 400, { 'X-Content-Type-Options': 'nosniff' });
}

function tooNew(version: string): WholeAnswer {
  return json({ message: `client version ${version} is too new. Maximum supported API version is ${MAX_API_VERSION}` }, 400);
}
