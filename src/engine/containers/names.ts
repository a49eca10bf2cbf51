import { randomInt } from 'node:crypto';

/** What a container may be called (moby daemon/names). One character is too few. */
export const CONTAINER_NAME: RegExp = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

const QUALITIES: readonly string[] = `airy amber ashen autumn balmy bold brave breezy bright brisk calm candid cedar
chalky cheery clear clever coral cosy crisp curious dapper deft dewy earthen eager early easy elegant fair fiery fine
firm fluent fond frank fresh gentle glad glazed golden graceful grand handy happy hardy honest humble jade jolly keen
kind limber lively lucid lucky mellow merry mild mindful misty modest neat nimble noble olive open patient placid plain
polite proud pure quick quiet rare ready rosy round royal rustic sandy serene sharp silent silver simple sleek smooth
snowy sober solid spry stable steady still stout sturdy subtle sunny sure swift tender tidy tranquil true upbeat velvet
vivid warm whole wise witty young zesty`.split(/\s+/);

const THINGS: readonly string[] = `acorn alder anvil arbor aster badger bamboo basin beacon beaver birch bison bowl brook
buncheong camellia canyon carp cedar celadon clay cloud clover cobalt comet condor cove crane creek cricket cypress
daisy dawn delta dune eagle ember falcon fern finch fjord forest fox garden ginkgo glacier glaze grove gull hangari
harbor hare hawk hazel heron hill iris island jangdok jar jasmine kettle kiln kimchi lagoon lantern lark laurel leaf
lily loom lotus lynx magpie maple marten meadow mill moon moss mountain oak oriole orchid otter owl pagoda pebble peony
pine plum pond poplar porcelain pottery quail quartz raven reed ridge river robin sage salmon seal shard shore siru
slate sparrow spring spruce star stone stork stream summit swan teapot thistle tiger tile urn valley vase walnut wave
wheel willow wren yew`.split(/\s+/);

/** `quality_thing`; from the third try on with a digit behind it, so that a full house still finds a name. */
export function randomName(attempt: number): string {
  const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? 'plain';
  const name = `${pick(QUALITIES)}_${pick(THINGS)}`;
  return attempt < 2 ? name : `${name}${randomInt(10 ** Math.min(attempt, 9))}`;
}
