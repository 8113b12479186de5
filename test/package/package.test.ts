import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inFreshRoot } from './installed.ts';

const MEGABYTE = 1_000_000;

const folder = mkdtempSync(join(tmpdir(), 'vrrp-agent-packages-'));
const [first = '', second = '', next = ''] = ['first', 'second', 'next'].map((name) =>
  join(folder, name),
);

function build(into: string, ...options: string[]): void {
  execFileSync(process.execPath, ['dist/scripts/package.js', '--into', into, ...options]);
}

function packageIn(directory: string, name: string): string {
  const file = readdirSync(directory).find((one) => one.startsWith(`${name}_`));
  if (file === undefined) throw new Error(`no ${name} in ${directory}`);
  return join(directory, file);
}

function digests(directory: string): string {
  return execFileSync('sh', ['-c', 'sha256sum *.deb'], { cwd: directory, encoding: 'utf8' });
}

/** The two archives in each package, without their compression. */
function contents(directory: string): string {
  const each =
    'for f in *.deb; do for o in ctrl fsys; do dpkg-deb --$o-tarfile $f | sha256sum; done; done';
  return execFileSync('sh', ['-c', each], { cwd: directory, encoding: 'utf8' });
}

function listed(file: string): string[] {
  const lines = execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8' }).trimEnd().split('\n');
  return lines.map((line) => (line.split(' ./').at(-1) ?? '').replace(/ -> .*/, ''));
}

beforeAll(() => {
  build(first);
  build(next, '--only', 'agent', '--version', '999.1');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packages', () => {
  test('are the same bytes when they are built again', () => {
    // Compressing Node takes most of the time of the suite.
    build(second, '--only', 'agent');
    expect(digests(first)).toContain(digests(second).trim());
    build(second, '--only', 'node', '--compression', '0');
    expect(contents(second)).toBe(contents(first));
  });

  test.each(['vrrp-agent', 'vrrp-agent-node'])('have no error for lintian: %s', (name) => {
    const flags = ['--allow-root', '--fail-on', 'error', '--tag-display-limit', '0'];
    const run = () =>
      execFileSync('lintian', [...flags, packageIn(first, name)], { encoding: 'utf8' });
    expect(run).not.toThrow();
  });

  test('have no more than 5 MB, and 45 MB with Node', () => {
    const agent = statSync(packageIn(first, 'vrrp-agent')).size;
    const node = statSync(packageIn(first, 'vrrp-agent-node')).size;
    expect(agent).toBeLessThan(5 * MEGABYTE);
    expect(agent + node).toBeLessThan(45 * MEGABYTE);
  });

  test('contain no source map, no module of dist and no file of this checkout', () => {
    const files = listed(packageIn(first, 'vrrp-agent'));
    expect(files.filter((one) => /\.map$|\/dist\/|\.tsbuildinfo$/.test(one))).toEqual([]);
    const tree = join(folder, 'tree');
    execFileSync('dpkg-deb', ['-x', packageIn(first, 'vrrp-agent'), tree]);
    const found = execFileSync('sh', ['-c', `grep -rlF '${process.cwd()}' '${tree}' || true`]);
    expect(found.toString()).toBe('');
  });

  test('have the service, manuals, completion, examples and alert rules', () => {
    expect(listed(packageIn(first, 'vrrp-agent'))).toEqual(
      expect.arrayContaining([
        'usr/sbin/vrrp-agent',
        'lib/systemd/system/vrrp-agent.service',
        'usr/share/man/man8/vrrp-agent.8.gz',
        'usr/share/man/man5/vrrp-agent.yaml.5.gz',
        'usr/share/bash-completion/completions/vrrp-agent',
        'usr/share/zsh/vendor-completions/_vrrp-agent',
        'usr/share/fish/vendor_completions.d/vrrp-agent.fish',
        'usr/share/doc/vrrp-agent/examples/pair-lb1.yaml',
        'usr/share/doc/vrrp-agent/grafana/vrrp-agent.json',
        'usr/share/doc/vrrp-agent/prometheus/alerts.yaml',
        'usr/share/doc/vrrp-agent/scripts/rolling-upgrade.sh',
      ]),
    );
  });

  test('are assembled for arm64 with the native code of arm64', () => {
    const arm = join(folder, 'arm64');
    build(arm, '--only', 'agent', '--arch', 'arm64');
    const tree = join(folder, 'tree-arm64');
    execFileSync('dpkg-deb', ['-x', packageIn(arm, 'vrrp-agent'), tree]);
    const native = join(
      tree,
      'usr/lib/vrrp-agent/node_modules/@koromix/koffi-linux-arm64/linux_arm64/koffi.node',
    );
    // Field e_machine of the ELF header: EM_AARCH64.
    expect(readFileSync(native).readUInt16LE(18)).toBe(183);
  });
});

const CONFIGURATION = `mkdir -p /etc/vrrp-agent
cat >/etc/vrrp-agent/vrrp-agent.yaml <<'YAML'
http: { listen: 127.0.0.1:9112 }
instances:
  - name: web
    interface: eth0
    vrid: 55
    advertisement_interval: 100ms
    addresses: [203.0.113.100]
    track: [{ tcp: 127.0.0.1:9112, weight: -1 }]
YAML
`;

describe('the installed program', () => {
  test.each(['', 'rm /usr/bin/node\n'])(
    'runs as MASTER with its thread, its checker and its status page, reloads without its files, and hands over (%j)',
    (before) => {
      const debs = before === '' ? 'vrrp-agent_*.deb' : 'vrrp-agent*.deb';
      const output = inFreshRoot(
        first,
        `${before}dpkg -i /tmp/debs/${debs} >/dev/null 2>&1
${CONFIGURATION}
vrrp-agent check >/dev/null
vrrp-agent run >/tmp/log 2>&1 &
agent=$!
until_status() { for i in $(seq 200); do vrrp-agent status 2>/dev/null | grep -q "$1" && return; sleep 0.1; done; cat /tmp/log >&2; exit 1; }
until_status 'web *MASTER'
until_status 'tcp *up'
readlink /proc/$agent/exe
mv /usr/lib/vrrp-agent/bundle/src/parts /tmp/parts
kill -HUP $agent
for i in $(seq 100); do grep -q '"code":"\\(configuration-reloaded\\|reload-failed\\)"' /tmp/log && break; sleep 0.1; done
grep -o 'reload-failed|Cannot find module' /tmp/log || true
mv /tmp/parts /usr/lib/vrrp-agent/bundle/src/parts
curl -s http://127.0.0.1:9112/ >/tmp/page
head -1 /tmp/page
kill -USR2 $agent
wait $agent
until_status 'web *MASTER'
vrrp-agent status | grep -c "pid $agent," || true
vrrp-agent events --json | grep -c '"to":"BACKUP"' || true
kill $(pgrep -f 'main.js run')
`,
      );
      const node = before === '' ? '/usr/bin/node' : '/usr/lib/vrrp-agent/node';
      expect(output.split('\n')).toEqual([node, '<!doctype html>', '0', expect.any(String), '']);
    },
  );

  test('keeps the configuration in an upgrade, a downgrade and a removal, and leaves nothing after purge', () => {
    const output = inFreshRoot(
      folder,
      `touch /tmp/before
install() { apt-get install -y --allow-downgrades "/tmp/debs/$1/"vrrp-agent_*.deb >/dev/null 2>&1; vrrp-agent --version; }
install first
getent group vrrp-agent | cut -d: -f1
basename /etc/systemd/system/*.wants/vrrp-agent.service
${CONFIGURATION}
install next
install first
sha256sum --quiet -c <(sha256sum /etc/vrrp-agent/vrrp-agent.yaml) && echo kept
apt-get remove -y vrrp-agent >/dev/null 2>&1
find /etc/vrrp-agent /usr/lib/vrrp-agent -type f 2>/dev/null || true
apt-get purge -y vrrp-agent >/dev/null 2>&1
find /etc /usr /var/lib /var/cache -path '*vrrp-agent*' -newer /tmp/before 2>/dev/null || true
echo end
`,
    );
    const own = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(output.trim().split('\n')).toEqual([
      own.version,
      'vrrp-agent',
      'vrrp-agent.service',
      '999.1',
      own.version,
      'kept',
      '/etc/vrrp-agent/vrrp-agent.yaml',
      'end',
    ]);
  });
});

test('npm pack makes a complete package without source maps', () => {
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [packed] = JSON.parse(output.slice(output.indexOf('['))) as [
    { filename: string; files: { path: string }[] },
  ];
  const paths = packed.files.map(({ path }) => path);
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const named = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? entry : Object.values(entry),
  );
  expect(paths).toEqual(
    expect.arrayContaining([
      'bundle/src/cli/main.js',
      'bundle/src/protocol/thread/protocol-thread.js',
      'bundle/src/checker/process/checker-process.js',
      'src/observe/http/status-page.html',
      'config/systemd/vrrp-agent.service',
      'config/scenarios/crash.yaml',
      'docs/reference/configuration.md',
      ...named.map((path) => path.replace('./', '')),
    ]),
  );
  expect(
    paths.filter((path) =>
      /\.map$|^(?!bundle\/|dist\/(src|fsm)\/.*(\.js|\.d\.ts)$|src\/observe\/http\/|config\/|docs\/|[^/]+$)/.test(
        path,
      ),
    ),
  ).toEqual([]);
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  const program = join(folder, 'package/bundle/src/cli/main.js');
  const file = join(folder, 'package/config/examples/minimal.yaml');
  const args = [program, 'check', '--config', file];
  const env = { ...process.env, NODE_PATH: join(process.cwd(), 'node_modules') };
  expect(execFileSync(process.execPath, args, { encoding: 'utf8', env })).toMatch(/web/);
});
