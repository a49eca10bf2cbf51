import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { shownDefault, shownType } from './flags/flag-usage.ts';
import { flagText, type DockerHelp } from './record-docker-flags.ts';
import { childOf, ROOT, type CommandNode } from './tree.ts';

/** Docker's client 28.2, recorded by record-docker-flags.ts. */
const recorded = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('./docker-flags.golden.json')), 'utf8')) as Readonly<Record<string, DockerHelp>>;

/** Flags of Docker's for what is not here: cluster volumes. */
const NOT_HERE: Readonly<Record<string, readonly string[]>> = {
  'volume create': ['availability', 'group', 'limit-bytes', 'required-bytes', 'scope', 'secret', 'sharing', 'topology-preferred', 'topology-required', 'type'],
};

for (const [verb, docker] of Object.entries(recorded)) {
  test(`${verb} takes the flags and arguments of docker ${verb}`, async () => {
    const command = await nodeOf(verb).load?.();
    assert.ok(command !== undefined);
    const ours = Object.entries(command.flags)
      .filter(([, flag]) => flag.hidden !== true)
      .map(([name, flag]) => flagText({ short: flag.short ?? '', name, type: shownType(flag), shown: / \(default (.*)\)$/.exec(shownDefault(flag))?.[1] ?? '' }));
    const missing = NOT_HERE[verb] ?? [];
    const theirs = docker.flags.filter((text) => !missing.some((name) => text.includes(`--${name} `) || text.endsWith(`--${name}`)));
    assert.deepEqual(ours.toSorted(), theirs.toSorted());
    assert.equal(command.usage, docker.usage);
  });
}

function nodeOf(path: string): CommandNode {
  return path.split(' ').reduce((node, word) => {
    const child = childOf(node, word)?.node;
    assert.ok(child !== undefined, `no such command: ${path}`);
    return child;
  }, ROOT);
}
