/** The package `vrrp-agent`: the bundle, what operators read, and the unit. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_OPTIONS } from '../../src/kernel/process/no-debugger.ts';
import { writeBundle } from '../bundle.ts';
import { completions } from '../generators/completion.ts';
import { manualOfConfiguration } from '../generators/man-configuration.ts';
import { manualOfProgram } from '../generators/man-program.ts';
import { copyrightText } from './copyright.ts';
import { buildPackage, type Control, changelog, type PackageFacts } from './deb.ts';
import { installedPackage, type NpmPackage } from './npm-package.ts';
import { Tree } from './tree.ts';

const HOME = 'usr/lib/vrrp-agent';
const DOCUMENTS = 'usr/share/doc/vrrp-agent';
const SCRIPTS = 'scripts/debian/maintainer';

export interface AgentPackageOptions extends PackageFacts {
  readonly maintainer: string;
  /** koffi's package of native code for the architecture. */
  readonly native: NpmPackage;
  /** Becomes the tree of the package. */
  readonly staging: string;
  readonly folder: string;
}

export async function buildAgentPackage(options: AgentPackageOptions): Promise<string> {
  const control: Control = { compression: 6, ...options, ...WORDS, scripts: maintainerScripts() };
  const tree = new Tree(options.staging);
  const bundled = await addProgram(tree, options);
  addService(tree);
  addHandOver(tree);
  await addManuals(tree, options);
  addDocuments(tree);
  tree.compressed(`${DOCUMENTS}/changelog`, changelog(control, 'See CHANGELOG.md.gz.'));
  const own = {
    files: '*',
    holder: '2026 the vrrp-agent authors',
    license: 'Expat',
    text: readFileSync('LICENSE', 'utf8'),
  };
  const packages = ['koffi', ...bundled].map(installedPackage);
  tree.write(`${DOCUMENTS}/copyright`, copyrightText(own, packages));
  return buildPackage(tree, control, options.folder);
}

const WORDS = {
  name: 'vrrp-agent',
  // Of the C library, koffi needs a version that Debian 10 has.
  depends: [
    ...['nodejs (>= 20) | vrrp-agent-node', 'adduser'],
    ...['libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6'],
  ],
  more: { Suggests: 'ipvsadm' },
  synopsis: 'VRRP high-availability agent for pairs of Linux Virtual Server directors',
  description: [
    'Two or more Linux Virtual Server directors share virtual IP addresses. The',
    'agent decides by VRRP version 2 or 3 which director holds them, and moves them',
    'when a director dies, hangs, is cut off or is taken down. It also keeps the',
    'IPVS services, checks the real servers, and synchronises the connections.',
    '.',
    'Debian 13 has a Node.js that is new enough. The package vrrp-agent-node',
    'brings one for Debian 12.',
  ],
} as const;

/** Returns the npm packages in the bundle. */
async function addProgram(tree: Tree, { version, native }: AgentPackageOptions): Promise<string[]> {
  tree.folder(HOME);
  const manifest = { name: 'vrrp-agent', version, private: true, type: 'module' };
  tree.write(`${HOME}/package.json`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  const bundled = await writeBundle(tree.path(HOME));
  for (const path of filesIn(tree.path(`${HOME}/bundle`))) {
    const isMain = path === 'src/cli/main.js';
    // The launcher starts it: the first line for a shell has no use here.
    const text = tree.text(`${HOME}/bundle/${path}`);
    tree.write(`${HOME}/bundle/${path}`, isMain ? text.replace(/^#!.*\n/, '') : text);
  }
  addKoffi(tree, native);
  tree.copy(`${HOME}/src/observe/http/status-page.html`, 'src/observe/http/status-page.html');
  for (const path of filesIn('config/scenarios')) {
    tree.copy(`${HOME}/config/scenarios/${path}`, join('config/scenarios', path));
  }
  const launcher = readFileSync(`${SCRIPTS}/launch`, 'utf8');
  tree.program('usr/sbin/vrrp-agent', launcher.replace('@OPTIONS@', quoted(AGENT_OPTIONS)));
  return bundled;
}

/** Only what is loaded on this architecture with the GNU C library. */
function addKoffi(tree: Tree, { name, folder }: NpmPackage): void {
  const modules = `${HOME}/node_modules`;
  for (const path of [
    'package.json',
    'index.cjs',
    'src/koffi/index.cjs',
    'src/koffi/src/static.cjs',
  ]) {
    tree.copy(`${modules}/koffi/${path}`, join('node_modules/koffi', path));
  }
  for (const path of filesIn(folder)) {
    if (/^musl|\.md$/.test(path)) continue;
    tree.copy(`${modules}/${name}/${path}`, join(folder, path));
  }
}

/** A command of the unit has the path of this package, not that of an npm prefix. */
function addService(tree: Tree): void {
  const unit = readFileSync('config/systemd/vrrp-agent.service', 'utf8')
    .replace(/^(# .*\n)+\n/, '')
    .replaceAll('/usr/bin/env vrrp-agent', '/usr/sbin/vrrp-agent')
    .replace(
      /^Documentation=.*$/m,
      `Documentation=man:vrrp-agent(8) file:///${DOCUMENTS}/docs/systemd.md`,
    );
  if (!/^ExecStart=\/usr\/sbin\/vrrp-agent run\b/m.test(unit)) {
    throw new Error('config/systemd/vrrp-agent.service: ExecStart is not as expected');
  }
  tree.write('lib/systemd/system/vrrp-agent.service', unit);
}

/** For the scripts of the package and for needrestart, which would restart the agent with a failover. */
function addHandOver(tree: Tree): void {
  const text = (name: string) => readFileSync(join(SCRIPTS, name), 'utf8');
  tree.program(`${HOME}/hand-over`, text('hand-over'));
  tree.program('etc/needrestart/restart.d/vrrp-agent.service', text('needrestart'));
}

async function addManuals(tree: Tree, { version, epoch }: PackageFacts): Promise<void> {
  const date = new Date(epoch * 1_000).toISOString().slice(0, 10);
  tree.compressed('usr/share/man/man8/vrrp-agent.8', await manualOfProgram(version, date));
  tree.compressed('usr/share/man/man5/vrrp-agent.yaml.5', manualOfConfiguration(version, date));
  const { bash, zsh, fish } = await completions();
  tree.write('usr/share/bash-completion/completions/vrrp-agent', bash);
  tree.write('usr/share/zsh/vendor-completions/_vrrp-agent', zsh);
  tree.write('usr/share/fish/vendor_completions.d/vrrp-agent.fish', fish);
}

function addDocuments(tree: Tree): void {
  tree.folder('etc/vrrp-agent');
  tree.copy(`${DOCUMENTS}/README.md`, 'README.md');
  tree.compressed(`${DOCUMENTS}/CHANGELOG.md`, readFileSync('CHANGELOG.md', 'utf8'));
  tree.copy(`${DOCUMENTS}/schema.json`, 'config/schema.json');
  for (const [target, folder] of [
    ['docs', 'docs'],
    ['examples', 'config/examples'],
    ['prometheus', 'config/prometheus'],
    ['grafana', 'config/grafana'],
    ['scripts', 'config/scripts'],
  ] as const) {
    for (const path of filesIn(folder)) {
      // Pictures of a browser, decisions and checklists are for those who change the program, and the
      // examples of the library belong to the npm package, which has the library.
      if (/^(pictures|adr)\/|^rfc-|^mutants|^examples\//.test(path)) continue;
      const mode = path.endsWith('.sh') ? 0o755 : 0o644;
      tree.copy(`${DOCUMENTS}/${target}/${path}`, join(folder, path), mode);
    }
  }
}

function maintainerScripts(): Map<string, string> {
  const names = ['preinst', 'postinst', 'prerm', 'postrm', 'triggers'];
  return new Map(
    names.map((name) => [name, readFileSync(`${SCRIPTS}/vrrp-agent.${name}`, 'utf8')]),
  );
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function quoted(options: readonly string[]): string {
  return options.map((one) => `'${one}'`).join(' ');
}
