import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type LogFields, silentLog } from '#base/log.ts';
import { inSandbox } from '#parts/host/testing.ts';
import { HostNetwork } from './host-network.ts';
import type { JoinRequest, Sandbox } from './network-driver.ts';
import { joinRequest, run, testNetwork, type TestNetwork } from './testing.ts';

/** Answers a line with the client's address, in the sandbox's namespace (or outside). */
async function serve(context: TestContext, namespace: string | undefined, address: string): Promise<void> {
  const command = ['socat', `${address},fork`, 'SYSTEM:read line; echo from $SOCAT_PEERADDR'];
  const child = namespace === undefined ? spawn(command[0] ?? '', command.slice(1)) : spawn('nsenter', [`--net=${namespace}`, ...command]);
  context.after(() => child.kill());
  const port = /(\d+)$/.exec(address.split(',')[0] ?? '')?.[1];
  for (let round = 0; round < 100; round++) {
    if (run(namespace, `ss -lntuH | grep -q ':${port} '`).ok) return;
    await pause(20);
  }
  assert.fail(`no server at ${address}`);
}

const tcp = (address: string, more = ''): string => `echo hello | socat -t1 -T2 - TCP:${address},connect-timeout=2${more}`;
const udp = (address: string): string => `echo hello | socat -t0.3 -T1 - UDP:${address}`;
const never = new AbortController().signal;

async function join(net: TestNetwork, request: Partial<JoinRequest> = {}): Promise<Sandbox> {
  return net.network.join(joinRequest(request), never);
}

if (inSandbox(import.meta.url)) {
  test('two containers reach each other and the host', async (context) => {
    await using net = await testNetwork();
    await using one = await join(net);
    await using two = await join(net, { containerName: 'two' });
    assert.equal(one.endpoint.ipv4, '172.17.0.2');
    assert.equal(two.endpoint.ipv4, '172.17.0.3');
    assert.equal(two.endpoint.macAddress, '02:42:ac:11:00:03');
    assert.equal(run(one.netNamespace, 'busybox ping -c1 -W2 172.17.0.3').ok, true);
    assert.equal(run(one.netNamespace, 'busybox ping -c1 -W2 172.17.0.1').ok, true);
    await serve(context, two.netNamespace, 'TCP-LISTEN:80');
    assert.equal(run(one.netNamespace, tcp('172.17.0.3:80')).out, 'from 172.17.0.2');
    assert.equal(run(undefined, tcp('172.17.0.3:80')).out, 'from 172.17.0.1');
    assert.equal(run(one.netNamespace, 'ip -6 addr show dev eth0').out, '');
  });

  test('without inter-container traffic they do not, neither side by side nor by way of the host', async (context) => {
    await using net = await testNetwork({ interContainer: false });
    await using one = await join(net);
    await using two = await join(net, { containerName: 'two', ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    await serve(context, two.netNamespace, 'TCP-LISTEN:80');
    assert.equal(run(one.netNamespace, `busybox ping -c1 -W1 ${two.endpoint.ipv4}`).ok, false);
    const gatewayMac = /link\/ether (\S+)/.exec(run(undefined, 'ip link show onggi0').out)?.[1];
    run(one.netNamespace, `ip neigh replace ${two.endpoint.ipv4} lladdr ${gatewayMac} dev eth0`);
    assert.equal(run(one.netNamespace, `busybox ping -c1 -W1 ${two.endpoint.ipv4}`).ok, false, 'by way of the host');
    assert.equal(run(one.netNamespace, 'busybox ping -c1 -W2 172.17.0.1').ok, true, 'the host itself');
    // With br_netfilter the translated packet stays a bridged frame, between two isolated ports: closed rather than open.
    run(undefined, 'sysctl -qw net.bridge.bridge-nf-call-iptables=0');
    assert.equal(run(one.netNamespace, tcp('172.17.0.1:82')).ok, true, 'what is published is published');
  });

  for (const bridgeNetfilter of [0, 1]) {
    test(`a published port from everywhere (bridge-nf-call-iptables ${bridgeNetfilter})`, async (context) => {
      run(undefined, `sysctl -qw net.bridge.bridge-nf-call-iptables=${bridgeNetfilter}`);
      await using net = await testNetwork();
      await using web = await join(net, {
        ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }], '81/tcp': [{ hostIp: '127.0.0.1', hostPort: '83' }], '53/udp': [{ hostIp: '', hostPort: '5353' }] },
      });
      await using other = await join(net, { containerName: 'other' });
      await using away = await elsewhere();
      await serve(context, web.netNamespace, 'TCP-LISTEN:80');
      await serve(context, web.netNamespace, 'TCP-LISTEN:81');
      await serve(context, web.netNamespace, 'UDP-LISTEN:53');

      assert.equal(run(undefined, tcp('127.0.0.1:82')).out, 'from 172.17.0.1', 'over loopback');
      assert.equal(run(undefined, tcp('10.77.0.1:82')).out, 'from 10.77.0.1', 'over the host\'s own address');
      assert.equal(run(away.path, tcp('10.77.0.1:82')).out, 'from 10.77.0.2', 'from another host, its address kept');
      assert.equal(run(other.netNamespace, tcp('172.17.0.1:82')).out, 'from 172.17.0.1', 'from another container');
      assert.equal(run(web.netNamespace, tcp('172.17.0.1:82')).out, 'from 172.17.0.1', 'from itself, back through the host');
      assert.equal(run(other.netNamespace, tcp('10.77.0.1:82')).out, 'from 172.17.0.1', 'from a container by the host\'s address');
      assert.equal(run(undefined, udp('127.0.0.1:5353')).out, 'from 172.17.0.1', 'udp over loopback');
      assert.equal(run(away.path, udp('10.77.0.1:5353')).out, 'from 10.77.0.2', 'udp from another host');
      assert.equal(run(undefined, tcp('127.0.0.1:83')).out, 'from 172.17.0.1', 'published on the loopback alone');
      assert.equal(run(away.path, tcp('10.77.0.1:83')).ok, false);
    });
  }

  test('a sender of UDP that never pauses finds each new owner of the port', async (context) => {
    await using net = await testNetwork();
    await using away = await elsewhere();
    const sender = spawn('nsenter', [`--net=${away.path}`, 'sh', '-c', 'while :; do echo x; sleep 0.02; done | socat -u - UDP-SENDTO:10.77.0.1:5353,sourceport=4000']);
    context.after(() => sender.kill());
    const receives = async (): Promise<boolean> => {
      await using one = await join(net, { ports: { '53/udp': [{ hostIp: '', hostPort: '5353' }] } });
      return run(one.netNamespace, 'timeout 2 socat -u UDP-RECV:53 - | head -c1 | grep -q x').ok;
    };
    await pause(100);
    assert.equal(await receives(), true);
    await using _blocker = await join(net);
    assert.equal(await receives(), true, 'at another address');
  });

  test('what is not published cannot be reached from another host, not even by route', async (context) => {
    await using net = await testNetwork();
    await using web = await join(net, { ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    await using away = await elsewhere();
    await serve(context, web.netNamespace, 'TCP-LISTEN:80');
    await serve(context, web.netNamespace, 'TCP-LISTEN:90');
    run(away.path, 'ip route add 172.17.0.0/16 via 10.77.0.1');
    assert.equal(run(away.path, tcp('172.17.0.2:80')).ok, false);
    assert.equal(run(away.path, tcp('172.17.0.2:90')).ok, false);
    assert.equal(run(away.path, tcp('10.77.0.1:90')).ok, false);
    assert.equal(run(away.path, tcp('10.77.0.1:82')).ok, true);
  });

  test('a container reaches the outside as the host, and never the host\'s loopback', async (context) => {
    await using net = await testNetwork();
    await using one = await join(net);
    await using away = await elsewhere();
    await serve(context, away.path, 'TCP-LISTEN:7000');
    assert.equal(run(one.netNamespace, tcp('10.77.0.2:7000')).out, 'from 10.77.0.1');
    await serve(context, undefined, 'TCP-LISTEN:7001,bind=127.0.0.1');
    run(one.netNamespace, 'ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via 172.17.0.1; sysctl -qw net.ipv4.conf.all.route_localnet=1');
    assert.equal(run(one.netNamespace, tcp('127.0.0.1:7001')).ok, false);
  });

  test('the administrator\'s chain comes first and outlives us', async (context) => {
    await using net = await testNetwork();
    await using web = await join(net, { ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    await using away = await elsewhere();
    await serve(context, web.netNamespace, 'TCP-LISTEN:80');
    run(undefined, 'nft add rule ip onggi onggi-user ip saddr 10.77.0.2 drop');
    assert.equal(run(away.path, tcp('10.77.0.1:82')).ok, false);
    const restarted = net.again();
    await restarted.setUp();
    assert.equal(run(away.path, tcp('10.77.0.1:82')).ok, false);
    run(undefined, 'nft flush chain ip onggi onggi-user');
    assert.equal(run(away.path, tcp('10.77.0.1:82')).ok, true);
  });

  test('rules that another program flushed are put back', async (context) => {
    await using net = await testNetwork();
    await using web = await join(net, { ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    await serve(context, web.netNamespace, 'TCP-LISTEN:80');
    assert.equal(await net.network.verify(), false);
    run(undefined, 'nft add table ip another');
    assert.equal(await net.network.verify(), false, 'another table is no concern of ours');
    for (const harm of ['flush ruleset', 'flush chain ip onggi prerouting', 'flush map ip onggi published-any', 'add rule ip onggi to-container accept']) {
      assert.equal(run(undefined, `nft ${harm}`).ok, true, harm);
      assert.equal(await net.network.verify(), true, harm);
      assert.equal(run(undefined, tcp('127.0.0.1:82')).out, 'from 172.17.0.1', harm);
      assert.equal(await net.network.verify(), false, harm);
    }
    run(undefined, 'nft flush ruleset');
    await using second = await join(net, { containerName: 'second', ports: { '80/tcp': [{ hostIp: '', hostPort: '84' }] } });
    assert.equal(second.endpoint.ipv4, '172.17.0.3');
    assert.equal(run(undefined, tcp('127.0.0.1:82')).ok, true, 'publishing puts back as well');
  });

  test('a bridge that was taken away comes back with its containers', async () => {
    await using net = await testNetwork();
    await using one = await join(net);
    run(undefined, 'ip link del onggi0');
    await net.network.verify();
    assert.equal(run(one.netNamespace, 'busybox ping -c1 -W2 172.17.0.1').ok, true);
  });

  test('after a kill, running containers keep address and ports, the others\' things go', async (context) => {
    await using net = await testNetwork();
    const kept = await join(net, { containerName: 'kept', ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    const gone = await join(net, { containerName: 'gone', ports: { '80/tcp': [{ hostIp: '', hostPort: '83' }] } });
    await serve(context, kept.netNamespace, 'TCP-LISTEN:80');

    gone.closeDescriptors();
    const restarted = net.again();
    await restarted.setUp();
    assert.equal(run(undefined, tcp('127.0.0.1:82')).ok, true, 'before anything is restored');
    const restored = restarted.restore({ mode: 'bridge', containerName: 'kept', sandboxId: kept.id, endpoint: kept.endpoint, ports: kept.ports });
    assert.ok(restored);
    assert.equal(restarted.restore({ mode: 'bridge', containerName: 'lost', sandboxId: 'f'.repeat(64), endpoint: kept.endpoint, ports: {} }), undefined);
    await restarted.sweep();
    assert.equal(run(undefined, tcp('127.0.0.1:82')).ok, true);
    assert.deepEqual(readdirSync(`${net.execRoot}/netns`), [kept.id.slice(0, 12)]);
    assert.equal(run(undefined, 'nft list map ip onggi published-any').out.includes('83'), false);
    assert.equal(await restarted.verify(), false);

    const next = await restarted.join(joinRequest({ containerName: 'next' }), never);
    assert.equal(next.endpoint.ipv4, '172.17.0.3');
    await assert.rejects(restarted.join(joinRequest({ ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } }), never), /Bind for 0\.0\.0\.0:82 failed: port is already allocated$/);
    kept.closeDescriptors();
    await restored[Symbol.asyncDispose]();
    assert.equal(run(undefined, tcp('127.0.0.1:82')).ok, false);
    assert.equal(existsSync(kept.path), false);
  });

  test('none has a loopback only, host has no namespace', async () => {
    await using net = await testNetwork();
    await using none = await join(net, { mode: 'none', ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    assert.match(run(none.netNamespace, 'ip -br addr').out, /^lo\s+UNKNOWN\s+127\.0\.0\.1\/8 \S+$/);
    assert.deepEqual(none.ports, {});
    assert.equal(none.endpoint.ipv4, '');
    await using host = await join(net, { mode: 'host' });
    assert.equal(host.netNamespace, undefined);
    assert.equal(host.path, `${net.execRoot}/netns/default`);
  });

  test('a failed join leaves nothing', async () => {
    await using net = await testNetwork();
    await using _web = await join(net, { ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    const before = [run(undefined, 'ip -br link | sort').out, readdirSync(`${net.execRoot}/netns`), run(undefined, 'nft list ruleset').out, readdirSync('/proc/self/fd').length];
    const ports = { '90/tcp': [{ hostIp: '', hostPort: '90' }], '91/tcp': [{ hostIp: '', hostPort: '' }], '80/tcp': [{ hostIp: '', hostPort: '82' }] };
    await assert.rejects(join(net, { containerName: 'p2', ports }), {
      kind: 'internal',
      message: /^failed to set up container networking: driver failed programming external connectivity on endpoint p2 \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:82 failed: port is already allocated$/,
    });
    await assert.rejects(join(net, { ipv4: '172.17.0.2' }), /failed to set up container networking: Address already in use/);
    await assert.rejects(join(net, { macAddress: 'ff:ff:ff:ff:ff:ff' }), /failed to set up container networking: netlink create veth/);
    assert.deepEqual([run(undefined, 'ip -br link | sort').out, readdirSync(`${net.execRoot}/netns`), run(undefined, 'nft list ruleset').out, readdirSync('/proc/self/fd').length], before);
    await using next = await join(net, { ports: { '80/tcp': [{ hostIp: '', hostPort: '90' }] } });
    assert.equal(next.endpoint.ipv4, '172.17.0.3');
  });

  test('two hundred ports at once, and gone at once', async (context) => {
    await using net = await testNetwork();
    const ports = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${1000 + index}/tcp`, [{ hostIp: '', hostPort: String(3000 + index) }]]));
    const many = await join(net, { ports });
    assert.equal(many.descriptors.length, 400);
    await serve(context, many.netNamespace, 'TCP-LISTEN:1199');
    assert.equal(run(undefined, tcp('127.0.0.1:3199')).ok, true);
    await many[Symbol.asyncDispose]();
    assert.equal(many.descriptors.length, 0);
    assert.equal(run(undefined, 'nft list map ip onggi published-any').out.includes('3199'), false);
  });

  test('a subnet that the host uses already is passed over, and kept once chosen', async () => {
    run(undefined, 'ip link add used type bridge; ip addr add 172.17.5.1/24 dev used; ip link set used up; ip addr add 172.18.0.9/32 dev used');
    await using net = await testNetwork();
    await using one = await join(net);
    assert.equal(one.endpoint.ipv4, '172.19.0.2');
    run(undefined, 'ip link del used');
    assert.equal((await net.again().setUp()).subnet, '172.19.0.0/16');
  });

  test('bip decides the subnet', async () => {
    await using net = await testNetwork({ bip: '10.5.0.254/24', mtu: 1400 });
    await using one = await join(net);
    assert.equal(one.endpoint.gateway, '10.5.0.254');
    assert.equal(one.endpoint.ipv4, '10.5.0.1');
    assert.match(run(one.netNamespace, 'ip link show eth0').out, /mtu 1400/);
    await assert.rejects(testNetwork({ bridgeName: 'br-bad', bip: '10.6.0.0/16' }), { kind: 'invalid', message: /invalid bip/ });
  });

  test('sixty containers start and stop side by side', async () => {
    await using net = await testNetwork();
    const all = await Promise.all(Array.from({ length: 60 }, (_, index) => join(net, { containerName: `c${index}`, ports: { '80/tcp': [{ hostIp: '', hostPort: '' }] } })));
    assert.equal(new Set(all.map(({ endpoint }) => endpoint.ipv4)).size, 60);
    assert.equal(new Set(all.map(({ ports }) => ports['80/tcp']?.[0]?.hostPort)).size, 60);
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
    assert.deepEqual(readdirSync(`${net.execRoot}/netns`), []);
    await using again = await join(net);
    assert.equal(again.endpoint.ipv4, '172.17.0.2');
  });

  test('a firewall that drops all forwarding is named in the log', async () => {
    run(undefined, `nft -f - <<X\nadd table inet strict\nadd chain inet strict FORWARD { type filter hook forward priority 10; policy drop; }\nX`);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string, fields?: LogFields) => void warnings.push(`${message} ${JSON.stringify(fields)}`) };
    await using _net = await testNetwork({ log });
    run(undefined, 'nft delete table inet strict');
    assert.match(warnings.join('\n'), /drops forwarded packets.*"chain":"inet strict FORWARD"/);
  });

  test('without a bridge, none and host still work, and the reason is told', async () => {
    await using net = await testNetwork();
    const broken = new HostNetwork({ execRoot: net.execRoot, bridgeName: 'lo', verifyEveryMs: 0 });
    await assert.rejects(broken.setUp(), /interface lo is there and is no bridge/);
    await assert.rejects(broken.join(joinRequest(), never), /failed to set up container networking: the default bridge is not set up: interface lo/);
    await using none = await broken.join(joinRequest({ mode: 'none' }), never);
    assert.equal(run(none.netNamespace, 'ip link show lo').ok, true);
    broken[Symbol.dispose]();
  });

  test('an address of an interface is given or refused', async () => {
    await using net = await testNetwork();
    await using one = await join(net, { macAddress: '02-11-22-33-44-5A' });
    assert.match(run(one.netNamespace, 'ip link show eth0').out, /02:11:22:33:44:5a/);
    await assert.rejects(join(net, { macAddress: 'foo' }), /invalid MAC address: foo/);
  });

  test('tearing down leaves the host as it was', async () => {
    {
      await using net = await testNetwork();
      await join(net, { ports: { '80/tcp': [{ hostIp: '', hostPort: '82' }] } });
    }
    assert.equal(run(undefined, 'nft list tables').out.includes('onggi'), false);
    assert.equal(run(undefined, 'ip link show onggi0').ok, false);
  });
}

/** Another host, on a cable to this one: 10.77.0.2, with 10.77.0.1 here. */
async function elsewhere(): Promise<AsyncDisposable & { readonly path: string }> {
  const name = `onggi-test-${process.pid}`;
  const made = run(undefined, `
    ip netns add ${name} && ip link add cable type veth peer name eth0 netns ${name} &&
    ip addr add 10.77.0.1/24 dev cable && ip link set cable up &&
    ip -n ${name} addr add 10.77.0.2/24 dev eth0 && ip -n ${name} link set eth0 up && ip -n ${name} link set lo up`);
  assert.equal(made.ok, true, made.out);
  await pause(20);
  return {
    path: `/run/netns/${name}`,
    async [Symbol.asyncDispose]() {
      run(undefined, `ip link del cable; ip netns del ${name}`);
    },
  };
}
