import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EngineError } from '#base/errors.ts';
import { FlagValueError, parseDecimal, parseDuration, parseInteger } from '../flags/numbers.ts';
import { deviceRequest } from './device-spec.ts';
import { checkExtraHost, checkLabel, checkSearchDomain, checkSysctl } from './flag-checks.ts';
import { parseGpus } from './gpu-spec.ts';
import { parseThrottle, parseThrottleBytes, parseUlimit, parseWeight } from './limit-specs.ts';
import { parseMount } from './mount-spec.ts';
import { parseNetwork } from './network-spec.ts';
import { logConfig, restartPolicy, securityOptions, storageOptions } from './policies.ts';
import { portRequest } from './port-spec.ts';
import { proxyVariables } from './proxies.ts';
import { volumeRequest } from './volume-spec.ts';

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  '--add-host': checkExtraHost,
  '--cpus': parseDecimal,
  '--device': (text) => deviceRequest([text]),
  '--device-read-bps': parseThrottleBytes,
  '--device-read-iops': parseThrottle,
  '--blkio-weight-device': parseWeight,
  '--dns-search': checkSearchDomain,
  '--expose': (text) => portRequest([], [text]),
  '--gpus': parseGpus,
  '--health-interval': parseDuration,
  '--label': checkLabel,
  '--log-opt': (text) => logConfig('json-file', [text]),
  '--mount': parseMount,
  '--network': parseNetwork,
  '--pids-limit': (text) => parseInteger(text, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, call: 'ParseInt' }),
  '--publish': (text) => portRequest([text], []),
  '--restart': restartPolicy,
  '--security-opt': (text) => securityOptions([`label:${text}`]),
  '--storage-opt': (text) => storageOptions([text]),
  '--sysctl': checkSysctl,
  '--ulimit': parseUlimit,
  '--volume': (text) => volumeRequest([text]),
};

const text = fc.oneof(
  fc.string(),
  fc.stringMatching(/^[a-z0-9.:/=,\-"[\]]{0,40}$/),
  fc.constantFrom('1.2.3.4:80-90:80-90/udp', '[::1]::80', 'type=bind,src=/a,dst=/b', 'nofile=1:2', '/dev/sda:1mb', 'name=web,alias=x', '__proto__', 'constructor', '__proto__=1', '5:5:5', '1e999999', '99999999999999999999'),
);

for (const [flag, read] of Object.entries(READERS)) {
  test(`no value of ${flag} makes it fail otherwise than by saying so`, () => {
    fc.assert(
      fc.property(text, (value) => {
        try {
          read(value);
        } catch (thrown) {
          const refused = thrown instanceof FlagValueError || thrown instanceof EngineError || /invalid s(ize|uffix)|strconv/.test((thrown as Error).message);
          assert.ok(refused, `${JSON.stringify(value)}: ${String(thrown)}`);
        }
      }),
    );
  });
}

test('a published port says the same again when it is written out', () => {
  const port = fc.integer({ min: 1, max: 60_000 });
  fc.assert(
    fc.property(port, port, fc.integer({ min: 0, max: 30 }), fc.constantFrom('tcp', 'udp', 'sctp'), (host, inside, more, protocol) => {
      const { bindings, exposed } = portRequest([`127.0.0.1:${host}-${host + more}:${inside}-${inside + more}/${protocol}`], []);
      assert.deepEqual(Object.keys(bindings), Object.keys(exposed));
      assert.deepEqual(
        Object.entries(bindings),
        Array.from({ length: more + 1 }, (_, index) => [`${inside + index}/${protocol}`, [{ HostIp: '127.0.0.1', HostPort: String(host + index) }]]),
      );
    }),
  );
});

test('proxies of the client\'s file become variables, unless the command line sets them', () => {
  const config = { proxies: { default: { httpProxy: 'http://p', noProxy: 'localhost' }, 'unix:///x': { httpsProxy: 'http://q' } } };
  assert.deepEqual(proxyVariables(config, 'unix:///y', ['http_proxy=', 'NO_PROXY']), ['HTTP_PROXY=http://p', 'no_proxy=localhost']);
  assert.deepEqual(proxyVariables(config, 'unix:///x', []), ['HTTPS_PROXY=http://q', 'https_proxy=http://q']);
  assert.deepEqual(proxyVariables({}, 'unix:///x', []), []);
});
