/** Two directors on the network of the sync daemons, each a process in its own namespace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ip, kernelSuite, NamespacePair } from './support.ts';

const MODULE = fileURLToPath(
  new URL('../../dist/src/ipvs/kernel/sync-segment.js', import.meta.url),
);

/** Prints what it receives, and sends `text` ten times a second. */
const MEMBER = `
import { SyncSegment } from ${JSON.stringify(MODULE)};
const [link, group, text, ...peers] = process.argv.slice(1);
const say = (line) => process.stdout.write(line + '\\n');
SyncSegment.open({ interface: link, group, port: 8912, ttl: 1, peers }, (bytes) => say(bytes.toString()), () => {})
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
function memberIn(namespace: string, ...words: readonly string[]): Promise<string> {
  const script = ['--input-type=module', '-e', MEMBER, ...words];
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

  /** What a member hears within a second, while the other host sends by unicast or as the test says. */
  async function heardFrom(peers: readonly string[], sender: string): Promise<string> {
    const heard = memberIn(pair.a, 'v0', '224.0.0.81', 'from a', ...peers);
    const script = ['--input-type=module', '-e', sender];
    members.push(
      spawn('ip', ['netns', 'exec', pair.b, process.execPath, ...script], { stdio: 'inherit' }),
    );
    const silence = new Promise<string>((resolve) => setTimeout(() => resolve('nothing'), 1_500));
    return Promise.race([heard, silence]);
  }

  const SEND = `import { createSocket } from 'node:dgram';
    const socket = createSocket('udp4');`;
  const BY_GROUP = `${SEND} socket.bind(0, () => { socket.setMulticastInterface('192.0.2.2');
    setInterval(() => socket.send('forged', 8912, '224.0.0.81'), 50); });`;

  test('FR-O9 carries nothing by unicast', async () => {
    const byUnicast = `${SEND} setInterval(() => socket.send('forged', 8912, '192.0.2.1'), 50);`;
    expect(await heardFrom([], byUnicast)).toBe('nothing');
    expect(await heardFrom([], BY_GROUP)).toBe('forged');
  });

  test('FR-O9 carries nothing of hosts that are not peers', async () => {
    expect(await heardFrom(['192.0.2.9'], BY_GROUP)).toBe('nothing');
    expect(await heardFrom(['192.0.2.2'], BY_GROUP)).toBe('forged');
  });

  test('FR-O9 carries nothing from another network', async () => {
    ip('-n', pair.b, 'address', 'add', '198.51.100.7/24', 'dev', 'v0');
    expect(await heardFrom([], BY_GROUP.replaceAll('192.0.2.2', '198.51.100.7'))).toBe('nothing');
  });

  test('cannot be joined if the interface has no address', async () => {
    expect(await memberIn(pair.a, 'gone', '224.0.0.81', 'x')).toBe('failed: gone does not exist');
  });
});
