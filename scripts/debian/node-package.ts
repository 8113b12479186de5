/** The package `vrrp-agent-node`: the newest LTS of Node.js for directors whose Debian has an older one. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { copyrightText } from './copyright.ts';
import {
  type Architecture,
  buildPackage,
  type Control,
  changelog,
  type PackageFacts,
} from './deb.ts';
import { licenseText, type NpmPackage } from './npm-package.ts';
import { Tree } from './tree.ts';

const NAME = 'vrrp-agent-node';
const DOCUMENTS = `usr/share/doc/${NAME}`;

/** Each writes the file without the names that only a debugger needs. */
const STRIP: Readonly<Record<Architecture, readonly string[]>> = {
  amd64: ['x86_64-linux-gnu-strip', 'llvm-strip'],
  arm64: ['aarch64-linux-gnu-strip', 'llvm-strip'],
};

export interface NodePackageOptions extends PackageFacts {
  readonly maintainer: string;
  readonly node: NpmPackage;
  readonly staging: string;
  readonly folder: string;
}

export function buildNodePackage(options: NodePackageOptions): string {
  const { node, architecture, staging, folder } = options;
  const control: Control = { compression: 2, ...options, ...WORDS };
  const tree = new Tree(staging);
  const program = 'usr/lib/vrrp-agent/node';
  tree.folder('usr/lib/vrrp-agent');
  strip(architecture, `${node.folder}/bin/node`, tree.path(program));
  chmodSync(tree.path(program), 0o755);
  const text = licenseText(node);
  const own = { files: '*', holder: 'Node.js contributors', license: 'Node.js', text };
  tree.write(`${DOCUMENTS}/copyright`, copyrightText(own, []));
  tree.compressed(`${DOCUMENTS}/changelog`, changelog(control, `Node.js ${node.version}.`));
  tree.write(`usr/share/lintian/overrides/${NAME}`, `${OVERRIDES.join('\n')}\n`);
  return buildPackage(tree, control, folder);
}

const WORDS = {
  name: NAME,
  depends: ['libatomic1', 'libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6'],
  more: { Enhances: 'vrrp-agent' },
  synopsis: 'Node.js for vrrp-agent',
  description: [
    'The newest release of Node.js with long-term support, as its project builds it.',
    'vrrp-agent prefers it over the package nodejs when both are installed. It is',
    'in a folder of its own: no other program uses it.',
  ],
} as const;

/**
 * Its licence file is that of Node.js as it is, with the texts of its parts, and its program contains
 * the libraries that it was tested with.
 */
const OVERRIDES = [
  `${NAME}: copyright-file-contains-full-apache-2-license`,
  `${NAME}: old-fsf-address-in-copyright-file`,
  `${NAME}: embedded-library`,
];

function strip(architecture: Architecture, from: string, to: string): void {
  for (const program of STRIP[architecture]) {
    try {
      execFileSync(program, ['--strip-all', '-o', to, from], { stdio: 'inherit' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`none of these programs is here: ${STRIP[architecture].join(', ')}`);
}
