/** Two directors on the network of the sync daemons, each a process in its own namespace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kernelSuite, NamespacePair } from './support.ts';

const MODULE = fileURLToPath(
  new URL('../../dist/src/ipvs/kernel/sync-segment.js', import.meta.url),
);

/** Prints what it receives, and sends `text` ten times a second. */
const MEMBER = `
import { SyncSegment } from ${JSON.stringify(MODULE)};
const [link, group, text] = process.argv.slice(1);
const say = (line) => process.stdout.write(line + '\\n');
SyncSegment.open({ interface: link, group, port: 8912, ttl: 1 }, (bytes) => say(bytes.toString()), () => {})
  .then((segment) => setInterval(() => segment.send(Buffer.from(text), 8912), 100))
  .catch((error) => say('failed: ' + error.message));
`;

let pair: NamespacePair;
const members: ChildProcess[] = [];

beforeEach(async () => {
  pair = await new NamespacePair().settled();
});

afterEach(async () => {
  await Promise.all(
    members.splice(0).map((member) => {
      const ended = new Promise((resolve) => member.once('exit', resolve));
      member.kill('SIGKILL');
      return ended;
    }),
  );
  pair.remove();
});

/** The first line that the member prints. */
function memberIn(namespace: string, link: string, group: string, text: string): Promise<string> {
  const script = ['--input-type=module', '-e', MEMBER, link, group, text];
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, ...script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  members.push(child);
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
}

kernelSuite('the network of the sync daemons', () => {
  test.each(['224.0.0.81', 'ff02::81'])(
    'carries what directors tell each other: %s',
    async (group) => {
      const heard = await Promise.all([
        memberIn(pair.a, 'v0', group, 'from a'),
        memberIn(pair.b, 'v0', group, 'from b'),
      ]);
      expect(heard).toEqual(['from b', 'from a']);
    },
  );

  test('cannot be joined if the interface has no address', async () => {
    expect(await memberIn(pair.a, 'gone', '224.0.0.81', 'x')).toBe(
      'failed: gone has no IPv4 address',
    );
  });
});
