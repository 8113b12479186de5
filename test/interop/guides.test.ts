/** Follows the guides of docs/ command by command. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../src/files/package-files.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { Guide, stepsOf } from './harness/guide.ts';
import { lacks } from './harness/requirements.ts';

let count = 0;

/** Four guides at a time, with some twenty starts of the program each. */
const TIMEOUT = 180_000;

/** For a test that runs concurrently with others, which `onTestFinished` does not tell apart. */
async function inGuide(story: (guide: Guide, lab: Lab) => Promise<void>): Promise<void> {
  const prefix = `g${process.pid.toString(36)}-${(count++).toString(36)}`;
  const lab = await Lab.up({ prefix, directors: 2 });
  try {
    const guide = await Guide.start(lab);
    try {
      await story(guide, lab);
    } finally {
      await guide.end();
    }
  } finally {
    await lab.down();
  }
}

const KEEPALIVED = (priority: number) => `
vrrp_instance web {
  interface eth0
  virtual_router_id 55
  priority ${priority}
  advert_int 1
  virtual_ipaddress { 203.0.113.100 }
}
`;

/** Answers each request, and prints the machine that it names. */
const API = `
require('node:http').createServer((request, response) => {
  let body = '';
  request.on('data', (text) => { body += text; });
  request.on('end', () => {
    const isRight = request.headers.authorization === 'Bearer secret' && request.method === 'PUT';
    console.log(isRight ? request.url + ' ' + body : 'refused');
    response.writeHead(isRight ? 200 : 401).end();
  });
}).listen(8080, '192.0.2.50');
`;

describe
  .skipIf(lacks('keepalived', 'curl', 'unshare', 'nsenter', 'setsid'))
  .concurrent('the guide', { timeout: TIMEOUT }, () => {
    test('to a new pair works', () =>
      inGuide(async (guide) => {
        expect(await guide.follow('guide-new-pair.md')).toBeGreaterThan(15);
      }));

    test('from keepalived works, and leads back', () =>
      inGuide(async (guide) => {
        for (const [name, priority] of [
          ['lb1', 150],
          ['lb2', 100],
        ] as const) {
          const file = '/etc/keepalived/keepalived.conf';
          await guide.on(
            name,
            `cat > ${file} <<'END'\n${KEEPALIVED(priority)}END\nsystemctl start keepalived`,
          );
        }
        expect(await guide.follow('guide-keepalived.md')).toBeGreaterThan(12);
        expect(await guide.on('lb1', 'pgrep --ns $$ --nslist net keepalived')).not.toBe('');
      }));

    test('to an upgrade works without a transition', () =>
      inGuide(async (guide) => {
        for (const [name, priority] of [
          ['lb1', 150],
          ['lb2', 100],
        ] as const) {
          const web = `{ name: web, interface: eth0, vrid: 55, priority: ${priority}, addresses: [203.0.113.100] }`;
          const text = `router: ${name}\\ninstances: [${web}]\\n`;
          await guide.on(
            name,
            `printf '${text}' > /etc/vrrp-agent/vrrp-agent.yaml; systemctl start vrrp-agent`,
          );
        }
        await waitFor('lb1 MASTER', async () =>
          (await guide.on('lb1', 'vrrp-agent status')).includes('MASTER '),
        );
        expect(await guide.follow('guide-upgrade.md')).toBeGreaterThan(8);
        // The process of lb2 is the one that its upgrade started: it has seen that of lb1, and the maintenance.
        const { events } = JSON.parse(await guide.on('lb2', 'vrrp-agent events --json'));
        const moves = events.filter(({ kind }: { kind: string }) => kind === 'transition');
        expect(moves.map(({ to }: { to: string }) => to)).toEqual(['MASTER', 'BACKUP']);
      }));

    test('to a cloud without multicast works, and each MASTER has asked the API', () =>
      inGuide(async (guide, lab) => {
        for (const name of ['lb1', 'lb2']) {
          await guide.on(
            name,
            "nft 'add table ip cloud'; nft 'add chain ip cloud input { type filter hook input priority 0; }'; " +
              "nft 'add rule ip cloud input ip daddr 224.0.0.0/4 drop'",
          );
        }
        await lab.spawn(lab.client, process.execPath, ['-e', API], { label: 'api', log: true });
        expect(await guide.follow('guide-cloud.md')).toBeGreaterThan(12);
        const asked = readFileSync(lab.path('api.log'), 'utf8').trimEnd().split('\n');
        expect(asked).toEqual(
          ['lb1', 'lb2', 'lb1', 'lb2'].map(
            (name) => `/addresses/203.0.113.100 {"machine":"${name}"}`,
          ),
        );
      }));
  });

test('docs/README.md names every guide, and each has commands that are run', () => {
  const contents = readFileSync(packageFile('docs/README.md'), 'utf8');
  const guides = readdirSync(packageFile('docs')).filter((name) => name.startsWith('guide-'));
  expect(guides.length).toBeGreaterThan(3);
  for (const name of guides) {
    expect(contents).toContain(`(${name})`);
    expect(stepsOf(readFileSync(packageFile(`docs/${name}`), 'utf8')).length).toBeGreaterThan(8);
  }
});
