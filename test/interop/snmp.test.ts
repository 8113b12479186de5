/** VRRPV3-MIB through Debian's snmpd: walked, not written, and its notifications at snmptrapd. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Lab } from '../../src/lab/topology/lab.ts';
import type { LabProcess } from '../../src/lab/topology/processes.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { outcomeOf, reaches, startOn, VIP } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const MIB = '.1.3.6.1.2.1.207';
/** They are not free, so Debian does not have them, and the programs complain. */
const NO_MIBS = 'MIBS=';
const TRAP_OID = '.1.3.6.1.6.3.1.1.4.1.0';
const AGENT = ['-v2c', '-c', 'private', '-On', '-Oe', '127.0.0.1:1161'];

function startSnmpd(lab: Lab): Promise<LabProcess> {
  const lines = [
    'master agentx',
    `agentXSocket unix:${lab.path('agentx')}`,
    'rwcommunity private 127.0.0.1',
    'trap2sink 127.0.0.1:1162 public',
  ];
  writeFileSync(lab.path('snmpd.conf'), `${lines.join('\n')}\n`);
  mkdirSync(lab.path('snmp'), { recursive: true });
  const files = ['-C', '-c', lab.path('snmpd.conf'), '-p', lab.path('snmpd.pid')];
  const args = [NO_MIBS, `SNMP_PERSISTENT_DIR=${lab.path('snmp')}`, 'snmpd', '-f', '-Lo', ...files];
  const options = { label: 'snmpd', log: true };
  return lab.spawn(lab.director(1), 'env', [...args, 'udp:127.0.0.1:1161'], options);
}

async function startTrapd(lab: Lab): Promise<() => string> {
  writeFileSync(lab.path('trapd.conf'), 'disableAuthorization yes\n');
  const args = ['-f', '-On', '-Oe', '-Lf', lab.path('traps'), '-C', '-c', lab.path('trapd.conf')];
  const persistent = `SNMP_PERSISTENT_DIR=${lab.path('trapd')}`;
  mkdirSync(lab.path('trapd'));
  const program = [NO_MIBS, persistent, 'snmptrapd', ...args, 'udp:127.0.0.1:1162'];
  await lab.spawn(lab.director(1), 'env', program, { label: 'snmptrapd', log: true });
  return () => (existsSync(lab.path('traps')) ? readFileSync(lab.path('traps'), 'utf8') : '');
}

/** The objects by their names behind the MIB; undefined: there is no answer, or no object. */
async function walk(lab: Lab, program = 'snmpbulkwalk'): Promise<Map<string, string> | undefined> {
  const command = ['env', NO_MIBS, program, ...AGENT, MIB];
  const { stdout } = await outcomeOf(lab.director(1), command);
  const objects = stdout.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^\.1\.3\.6\.1\.2\.1\.207(\.[\d.]+) = (.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.trim()]];
  });
  return objects.length === 0 ? undefined : new Map(objects);
}

describe.skipIf(lacks('snmpd', 'snmptrapd', 'snmpbulkwalk', 'snmpset'))('SNMP', () => {
  test('shows the routers, refuses changes, notifies, and survives its agent', () =>
    inLab(async (lab) => {
      const host = lab.director(1);
      const traps = await startTrapd(lab);
      const snmpd = await startSnmpd(lab);
      await waitFor('the socket', () => Promise.resolve(existsSync(lab.path('agentx'))));
      const agent = await startOn(
        lab,
        1,
        { priority: 150, advertisement_interval: '1s' },
        { snmp: { agentx: lab.path('agentx') } },
      );
      const backup = await waitFor('the MIB', () => walk(lab));
      await reaches(agent, 'MASTER');
      const link = (await lab.run(host, 'cat', ['/sys/class/net/eth0/ifindex'])).trim();
      const row = `.${link}.55.1`;
      const [vip] = [VIP.split('.').join('.')];
      await waitFor(
        'MASTER',
        async () => (await walk(lab))?.get(`.1.1.1.1.6${row}`) === 'INTEGER: 3',
      );
      const master = await walk(lab);
      expect(backup.get(`.1.1.1.1.6${row}`)).toBe('INTEGER: 2');
      expect(Object.fromEntries(master ?? [])).toMatchObject({
        [`.1.1.1.1.3${row}`]: 'Hex-STRING: C0 00 02 0B',
        [`.1.1.1.1.4${row}`]: 'Hex-STRING: C0 00 02 0B',
        [`.1.1.1.1.5${row}`]: 'Hex-STRING: 00 00 5E 00 01 37',
        [`.1.1.1.1.7${row}`]: 'Gauge32: 150',
        [`.1.1.1.1.8${row}`]: 'INTEGER: 1',
        [`.1.1.1.1.9${row}`]: 'INTEGER: 100',
        [`.1.1.1.1.10${row}`]: 'INTEGER: 1',
        [`.1.1.1.1.11${row}`]: 'INTEGER: 1',
        [`.1.1.1.1.12${row}`]: expect.stringMatching(/^Timeticks: \([1-9]\d*\)/),
        [`.1.1.1.1.13${row}`]: 'INTEGER: 1',
        [`.1.1.2.1.2${row}.4.${vip}`]: 'INTEGER: 1',
        '.1.2.3.0': 'Counter64: 0',
        [`.1.2.5.1.1${row}`]: 'Counter32: 1',
        [`.1.2.5.1.2${row}`]: 'INTEGER: 3',
        [`.1.2.5.1.13${row}`]: 'Gauge32: 1000',
      });
      expect(master?.size).toBe(4 + 11 + 1 + 13);
      expect([...((await walk(lab, 'snmpwalk')) ?? [])].length).toBe(master?.size);

      const priority = `${MIB}.1.1.1.1.7${row}`;
      const change = await outcomeOf(host, [
        'env',
        NO_MIBS,
        'snmpset',
        ...AGENT,
        priority,
        'u',
        '200',
      ]);
      expect(change.stderr).toContain('notWritable');

      await waitFor('the notification', () => Promise.resolve(traps().includes(`${MIB}.0.1`)));
      expect(traps()).toMatch(`${TRAP_OID} = OID: ${MIB}.0.1`);
      expect(traps()).toContain(`${MIB}.1.1.1.1.3${row} = Hex-STRING: C0 00 02 0B`);
      expect(traps()).toContain(`${MIB}.1.2.5.1.2${row} = INTEGER: 3`);

      // It is refused, and says so in a notification.
      const stranger = await startOn(lab, 2, {
        version: 2,
        priority: 100,
        advertisement_interval: '1s',
      });
      await waitFor('the error', () => Promise.resolve(traps().includes(`${MIB}.0.2`)));
      expect(traps()).toContain(`${MIB}.1.2.5.1.6${row} = INTEGER: 2`);
      await stranger.stop();

      snmpd.signal('SIGKILL');
      await snmpd.ended;
      await startSnmpd(lab);
      expect((await waitFor('the MIB again', () => walk(lab))).get(`.1.1.1.1.6${row}`)).toBe(
        'INTEGER: 3',
      );
      await agent.stop();
    }));
});
