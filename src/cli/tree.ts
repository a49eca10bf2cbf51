import type { Command } from './command.ts';

/** A word of the command line: a verb that does something, or a group of verbs. */
export interface CommandNode {
  readonly summary: string;
  readonly aliases?: readonly string[];
  /** Brings in the verb's module: only the one that runs is loaded. */
  readonly load?: () => Promise<Command>;
  readonly children?: Readonly<Record<string, CommandNode>>;
}

const attach: CommandNode = { summary: 'Connect this terminal to a running container', load: async () => (await import('./commands/container/attach.ts')).attach };
const commit: CommandNode = { summary: 'Make an image of what a container changed', load: async () => (await import('./commands/container/commit.ts')).commit };
const cp: CommandNode = { summary: 'Copy files between a container and this machine', load: async () => (await import('./commands/container/cp.ts')).cp };
const create: CommandNode = { summary: 'Make a container without starting it', load: async () => (await import('./commands/container/create.ts')).create };
const diff: CommandNode = { summary: 'Show what changed in the files of a container', load: async () => (await import('./commands/container/diff.ts')).diff };
const exec: CommandNode = { summary: 'Run a command inside a running container', load: async () => (await import('./commands/container/exec.ts')).exec };
const exportContainer: CommandNode = { summary: 'Write all files of a container to a tar archive', load: async () => (await import('./commands/container/export.ts')).exportContainer };
const kill: CommandNode = { summary: 'Send a signal to running containers, SIGKILL unless told otherwise', load: async () => (await import('./commands/container/kill.ts')).kill };
const logs: CommandNode = { summary: 'Show what a container has written', load: async () => (await import('./commands/container/logs.ts')).logs };
const containerLs: CommandNode = { summary: 'List containers', aliases: ['list', 'ps'], load: async () => (await import('./commands/container/ls.ts')).ls };
const pause: CommandNode = { summary: 'Freeze all processes of containers', load: async () => (await import('./commands/container/pause.ts')).pause };
const port: CommandNode = { summary: "Show a container's published ports", load: async () => (await import('./commands/container/port.ts')).port };
const rename: CommandNode = { summary: 'Give a container another name', load: async () => (await import('./commands/container/rename.ts')).rename };
const restart: CommandNode = { summary: 'Stop containers and start them again', load: async () => (await import('./commands/container/restart.ts')).restart };
const containerRm: CommandNode = { summary: 'Remove containers', aliases: ['remove'], load: async () => (await import('./commands/container/rm.ts')).rm };
const run: CommandNode = { summary: 'Make a container from an image and start it', load: async () => (await import('./commands/container/run.ts')).run };
const start: CommandNode = { summary: 'Start containers that are stopped', load: async () => (await import('./commands/container/start.ts')).start };
const stats: CommandNode = { summary: 'Show what containers use, as it changes', load: async () => (await import('./commands/container/stats.ts')).stats };
const stop: CommandNode = { summary: 'Stop running containers', load: async () => (await import('./commands/container/stop.ts')).stop };
const top: CommandNode = { summary: 'List the processes of a container', load: async () => (await import('./commands/container/top.ts')).top };
const unpause: CommandNode = { summary: 'Let paused containers go on', load: async () => (await import('./commands/container/pause.ts')).unpause };
const update: CommandNode = { summary: 'Change limits and restart policy of containers', load: async () => (await import('./commands/container/update.ts')).update };
const wait: CommandNode = { summary: 'Wait until containers stop and print their exit codes', load: async () => (await import('./commands/container/wait.ts')).wait };

const history: CommandNode = { summary: 'Show how an image was made', load: async () => (await import('./commands/image/history.ts')).history };
const importImage: CommandNode = { summary: 'Make an image from a file system in a tar archive', load: async () => (await import('./commands/image/import.ts')).importImage };
const load: CommandNode = { summary: 'Read images from a tar archive', load: async () => (await import('./commands/image/load.ts')).load };
const imageLs: CommandNode = { summary: 'List images', aliases: ['list'], load: async () => (await import('./commands/image/ls.ts')).ls };
const pull: CommandNode = { summary: 'Fetch an image from a registry', load: async () => (await import('./commands/image/pull.ts')).pull };
const imageRm: CommandNode = { summary: 'Remove images', aliases: ['remove'], load: async () => (await import('./commands/image/rm.ts')).rm };
const save: CommandNode = { summary: 'Write images to a tar archive', load: async () => (await import('./commands/image/save.ts')).save };
const tag: CommandNode = { summary: 'Give an image another name', load: async () => (await import('./commands/image/tag.ts')).tag };

const events: CommandNode = { summary: 'Follow what happens in the engine', load: async () => (await import('./commands/system/events.ts')).events };
const info: CommandNode = { summary: 'Show what the engine is and what it has', load: async () => (await import('./commands/system/info.ts')).info };

const container: CommandNode = {
  summary: 'Manage containers',
  children: {
    attach, commit, cp, create, diff, exec, export: exportContainer,
    inspect: { summary: 'Show all details of containers', load: async () => (await import('./commands/container/inspect.ts')).inspect },
    kill, logs, ls: containerLs, pause, port,
    prune: { summary: 'Remove all stopped containers', load: async () => (await import('./commands/container/prune.ts')).prune },
    rename, restart, rm: containerRm, run, start, stats, stop, top, unpause, update, wait,
  },
};

const image: CommandNode = {
  summary: 'Manage images',
  children: {
    history, import: importImage,
    inspect: { summary: 'Show all details of images', load: async () => (await import('./commands/image/inspect.ts')).inspect },
    load, ls: imageLs,
    prune: { summary: 'Remove images that nothing uses', load: async () => (await import('./commands/image/prune.ts')).prune },
    pull, rm: imageRm, save, tag,
  },
};

const network: CommandNode = {
  summary: 'Manage networks',
  children: {
    inspect: { summary: 'Show all details of networks', load: async () => (await import('./commands/network/inspect.ts')).inspect },
    ls: { summary: 'List networks', aliases: ['list'], load: async () => (await import('./commands/network/ls.ts')).ls },
  },
};

const volume: CommandNode = {
  summary: 'Manage volumes',
  children: {
    create: { summary: 'Make a volume', load: async () => (await import('./commands/volume/create.ts')).create },
    inspect: { summary: 'Show all details of volumes', load: async () => (await import('./commands/volume/inspect.ts')).inspect },
    ls: { summary: 'List volumes', aliases: ['list'], load: async () => (await import('./commands/volume/ls.ts')).ls },
    prune: { summary: 'Remove volumes that no container uses', load: async () => (await import('./commands/volume/prune.ts')).prune },
    rm: { summary: 'Remove volumes', aliases: ['remove'], load: async () => (await import('./commands/volume/rm.ts')).rm },
  },
};

const system: CommandNode = {
  summary: 'Manage the engine',
  children: {
    df: { summary: 'Show how much disk the engine uses', load: async () => (await import('./commands/system/df.ts')).df },
    events, info,
    prune: { summary: 'Remove everything that nothing uses', load: async () => (await import('./commands/system/prune.ts')).prune },
  },
};

const completion: CommandNode = {
  summary: 'Print a completion script for a shell',
  children: {
    bash: { summary: 'For bash', load: async () => (await import('./commands/completion.ts')).bash },
    fish: { summary: 'For fish', load: async () => (await import('./commands/completion.ts')).fish },
    zsh: { summary: 'For zsh', load: async () => (await import('./commands/completion.ts')).zsh },
  },
};

const version: CommandNode = { summary: 'Show the versions of client and engine', load: async () => (await import('./commands/system/version.ts')).version };

/** The commands of a first day, in the order in which `help` shows them. */
export const COMMON_COMMANDS: Readonly<Record<string, CommandNode>> = {
  run, exec, ps: containerLs, pull, images: imageLs,
  login: { summary: 'Log in to a registry', load: async () => (await import('./commands/system/login.ts')).login },
  logout: { summary: 'Forget the login to a registry', load: async () => (await import('./commands/system/logout.ts')).logout },
  version, info,
};

export const MANAGEMENT_COMMANDS: Readonly<Record<string, CommandNode>> = { completion, container, image, network, system, volume };

export const OTHER_COMMANDS: Readonly<Record<string, CommandNode>> = {
  attach,
  bootstrap: { summary: "Make a base image from the distribution's packages, without a registry", load: async () => (await import('./commands/image/bootstrap.ts')).bootstrap },
  commit, cp, create, diff, events, export: exportContainer, history, import: importImage,
  inspect: { summary: 'Show all details of containers, images, networks and volumes', load: async () => (await import('./commands/system/inspect.ts')).inspect },
  kill, load, logs, pause, port, rename, restart, rm: containerRm, rmi: imageRm, save, start, stats, stop, tag, top, unpause, update, wait,
};

/** Words for programs: they work, and `help` does not show them. */
const HIDDEN_COMMANDS: Readonly<Record<string, CommandNode>> = {
  __complete: { summary: 'Complete a command line', load: async () => (await import('./commands/completion.ts')).complete },
};

/** Every word that may follow `onggi`. */
export const ROOT: CommandNode = {
  summary: 'Containers: images, isolation, networks, logs',
  children: { ...COMMON_COMMANDS, ...MANAGEMENT_COMMANDS, ...OTHER_COMMANDS },
};

/** The node that a word names among its siblings, by name or alias. */
export function childOf(node: CommandNode, word: string): { readonly name: string; readonly node: CommandNode } | undefined {
  const children = node.children ?? {};
  if (Object.hasOwn(children, word)) return { name: word, node: children[word] as CommandNode };
  const found = Object.entries(children).find(([, child]) => node !== ROOT && child.aliases?.includes(word) === true);
  if (found !== undefined) return { name: found[0], node: found[1] };
  const hidden = node === ROOT && Object.hasOwn(HIDDEN_COMMANDS, word) ? HIDDEN_COMMANDS[word] : undefined;
  return hidden === undefined ? undefined : { name: word, node: hidden };
}

/** Every way to call a verb, without the program's name: `container ls`, `container list`, `ps`. */
export function pathsOf(wanted: CommandNode): string[] {
  const found: string[] = [];
  for (const [name, node] of Object.entries(ROOT.children ?? {})) {
    for (const [verb, child] of Object.entries(node.children ?? {})) {
      if (child === wanted) found.push(...[verb, ...(child.aliases ?? [])].map((word) => `${name} ${word}`));
    }
    if (node === wanted) found.push(name);
  }
  // The long form is the one to learn first.
  return found.toSorted((a, b) => Number(b.includes(' ')) - Number(a.includes(' ')));
}
