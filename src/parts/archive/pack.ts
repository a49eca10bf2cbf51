import { Directory } from '#parts/host/container-root.ts';
import { plainEntry } from '#parts/tar/writer.ts';
import { walkChanges, type ChangedNode, type LayeredTree } from './changes.ts';
import { TarOutput } from './tar-output.ts';
import { TreePacker } from './tree-packer.ts';

/** Writes all of a root, without an entry for the root itself, as `docker export` does. */
export function packRoot(root: string, output: number): { skipped: number } {
  using top = Directory.open(root);
  const out = new TarOutput(output);
  const packer = new TreePacker(out);
  packer.contents(top.fd, '');
  out.finish();
  return { skipped: packer.skipped };
}

/** Writes what a container changed as a layer of an image: what is gone as whiteouts. */
export function packLayer(tree: LayeredTree, output: number): { skipped: number } {
  const out = new TarOutput(output);
  const packer = new TreePacker(out);
  const whiteout = (path: string): void => out.header({ ...plainEntry('file', ''), path, mode: 0 });
  const add = (node: ChangedNode): void => {
    packer.one(node.folder, node.name, node.path)?.[Symbol.dispose]();
    if (node.replaced) whiteout(`${node.path}/.wh..wh..opq`);
  };
  walkChanges(tree, {
    changed: (kind, node) => {
      if (kind !== 'deleted') add(node);
      else if (!node.byReplacement) whiteout(node.path.replace(/[^/]*$/, '.wh.$&'));
    },
    // its time may have been put back; where all files lie in `upper` it belongs to the layers below
    ...(!tree.complete && { same: add }),
  });
  out.finish();
  return { skipped: packer.skipped };
}
