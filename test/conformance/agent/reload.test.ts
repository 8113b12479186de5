/** The engine applies another configuration while it runs (`reload`). */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { advert, defaultRoute, instanceOf, NO_GARP, Rig, type RigOptions } from '../rig.ts';

const ANNOUNCING = { ...NO_GARP, repeat: 1 };

function vip(last: number) {
  return { address: ip(`203.0.113.${last}`), prefixLength: 32, interface: 'eth0' };
}

/** Starts with some instances; `reload` continues with others. */
class Agent extends Rig {
  #instances: readonly InstanceSettings[];
  readonly #linger: 'auto' | 'off';

  constructor(instances: readonly Partial<InstanceSettings>[], options: RigOptions = {}) {
    super(instances, options);
    this.#instances = instances.map(instanceOf);
    this.#linger = options.linger ?? 'off';
    this.start();
  }

  reload(...instances: Partial<InstanceSettings>[]): string[] {
    const common = { router: 'lb1', linger: this.#linger, syncGroups: [] };
    const before = { ...common, instances: this.#instances };
    this.#instances = instances.map(instanceOf);
    const change = settingsChange(before, { ...common, instances: this.#instances });
    return this.handle({ kind: 'settings.changed', change });
  }

  stateOf(name: string): string | undefined {
    return this.engine.view().find((view) => view.name === name)?.state;
  }

  removed(): string[] {
    return this.reports.flatMap((one) => (one.kind === 'instance-removed' ? [one.instance] : []));
  }
}

const WEB = { name: 'web', vrid: 55, addresses: [vip(100)] };
const MAIL = { name: 'mail', vrid: 56, addresses: [vip(101)] };

describe('an instance that has not changed', () => {
  test('continues as MASTER on its grid, without a report', () => {
    const agent = new Agent([WEB, MAIL]);
    agent.becomeMaster();
    const sent = agent.count('advertisement-sent');
    const deadline = agent.engine.deadline();
    expect(agent.reload(WEB, { ...MAIL, priority: 120 })).toEqual([
      'advert 120 to 224.0.0.18',
      'priority 100 -> 120',
    ]);
    expect(agent.engine.deadline()).toBe(deadline);
    expect(agent.stateOf('web')).toBe('MASTER');
    expect(agent.count('advertisement-sent')).toBe(sent);
  });

  test('continues as BACKUP with the Master_Down timer that was running', () => {
    const agent = new Agent([WEB, MAIL]);
    agent.elapse(seconds(1));
    agent.hear(advert());
    agent.elapse(seconds(3));
    agent.reload({ ...MAIL, priority: 254 }, WEB);
    // Heard at 1 s with priority 100: 3 s and 609 ms later.
    agent.elapse(milliseconds(608));
    expect(agent.stateOf('web')).toBe('BACKUP');
    agent.elapse(milliseconds(2));
    expect(agent.stateOf('web')).toBe('MASTER');
  });

  test('stays the same in any order of the configuration, and with another name', () => {
    const agent = new Agent([WEB, MAIL]);
    agent.becomeMaster();
    expect(agent.reload(MAIL, { ...WEB, name: 'shop' })).toEqual([]);
    expect(agent.stateOf('shop')).toBe('MASTER');
    expect(agent.removed()).toEqual([]);
  });
});

describe('an instance that is new', () => {
  test('listens and takes over beside the others', () => {
    const agent = new Agent([WEB]);
    agent.becomeMaster();
    expect(agent.reload(WEB, MAIL)).toEqual(['listen eth0 ipv4 55,56', 'INIT -> BACKUP (startup)']);
    expect(agent.elapse(seconds(4))).toContain('BACKUP -> MASTER (master-timeout)');
    expect(agent.stateOf('web')).toBe('MASTER');
  });

  test('has its own counters, which start at zero', () => {
    const agent = new Agent([WEB, MAIL]);
    agent.becomeMaster();
    expect(agent.count('advertisement-sent', 2)).toBeGreaterThan(0);
    agent.reload(WEB);
    agent.reload(WEB, { ...MAIL, name: 'ftp', vrid: 57 });
    expect(agent.view(1)).toMatchObject({ name: 'ftp', row: 2 });
    expect(agent.count('advertisement-sent', 2)).toBe(0);
    agent.elapse(seconds(4));
    expect(agent.count('advertisement-sent', 2)).toBeGreaterThan(0);
  });
});

describe('an instance that is gone', () => {
  test('resigns, releases, and is no longer reported', () => {
    const agent = new Agent([WEB, MAIL]);
    agent.becomeMaster();
    expect(agent.reload(WEB)).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.101/32',
      'MASTER -> INIT (shutdown)',
      'listen eth0 ipv4 55',
    ]);
    expect(agent.removed()).toEqual(['mail']);
    expect(agent.engine.view().map((view) => view.name)).toEqual(['web']);
    expect(agent.elapse(seconds(5)).filter((line) => !line.startsWith('advert 100'))).toEqual([]);
  });

  test('serves until its successor is heard, as on a stop', () => {
    const agent = new Agent([WEB, MAIL], { linger: 'auto' });
    agent.becomeMaster();
    expect(agent.reload(WEB)).toEqual(['advert 0 to 224.0.0.18']);
    expect(agent.view(1).releasing).toBe(true);
    const successor = advert({ vrid: 56, addresses: [ip('203.0.113.101')], priority: 50 });
    expect(agent.hear(successor)).toContain('remove 203.0.113.101/32');
    expect(agent.removed()).toEqual(['mail']);
  });

  test('starts again once it has released, if it is added again meanwhile', () => {
    const agent = new Agent([WEB, MAIL], { linger: 'auto' });
    agent.becomeMaster();
    agent.reload(WEB);
    agent.reload(WEB, MAIL);
    expect(agent.stateOf('mail')).toBe('MASTER');
    const lines = agent.elapse(seconds(1.2));
    expect(lines).toContain('MASTER -> INIT (shutdown)');
    expect(lines).toContain('INIT -> BACKUP (startup)');
  });

  test('starts with the settings of the last reload, if they change while it waits', () => {
    const news = { name: 'news', vrid: 57, addresses: [vip(102)] };
    const agent = new Agent([WEB, MAIL, news], { linger: 'auto' });
    agent.becomeMaster();
    agent.reload(WEB);
    agent.reload(WEB, MAIL, news);
    expect(agent.reload(WEB, { ...MAIL, priority: 120 }, news)).toEqual([]);
    agent.elapse(seconds(2));
    const priorities = agent.engine.view().map(({ name, priority }) => [name, priority.effective]);
    expect(Object.fromEntries(priorities)).toEqual({ web: 100, mail: 120, news: 100 });
  });

  test('is not waited for twice: it still serves after a stop, but not after a second one', () => {
    const agent = new Agent([WEB, MAIL], { linger: 'auto' });
    agent.becomeMaster();
    agent.reload(WEB);
    expect(agent.handle({ kind: 'shutdown' })).toEqual(['advert 0 to 224.0.0.18']);
    expect(agent.handle({ kind: 'shutdown' })).toContain('finished');
  });

  test('that never started is forgotten', () => {
    const agent = new Agent([WEB, MAIL], { linger: 'auto' });
    agent.becomeMaster();
    agent.reload(WEB);
    agent.reload(WEB, MAIL);
    agent.reload(WEB);
    agent.elapse(seconds(2));
    expect(agent.engine.view().map((view) => view.name)).toEqual(['web']);
  });
});

describe('addresses that change', () => {
  test('are added and announced, and removed, while the MASTER stays MASTER', () => {
    const agent = new Agent([{ ...WEB, garp: ANNOUNCING }]);
    agent.becomeMaster();
    const lines = agent.reload({ ...WEB, addresses: [vip(102)], garp: ANNOUNCING });
    expect(lines).toEqual([
      'add 203.0.113.102/32',
      'remove 203.0.113.100/32',
      'arp request 203.0.113.102',
    ]);
    expect(agent.state).toBe('MASTER');
    expect(agent.view().addresses).toEqual(['203.0.113.102/32']);
  });

  test('move from one MASTER to another without leaving the interface', () => {
    const agent = new Agent([{ ...WEB, addresses: [vip(100), vip(102)] }, MAIL]);
    agent.becomeMaster();
    const lines = agent.reload(WEB, { ...MAIL, addresses: [vip(101), vip(102)] });
    expect(lines).toEqual([]);
    expect(agent.handle({ kind: 'shutdown' })).toContain('remove 203.0.113.102/32');
  });

  test('move from a removed instance to one that stays without leaving the interface', () => {
    const agent = new Agent([WEB, MAIL]);
    agent.becomeMaster();
    const lines = agent.reload({ ...WEB, addresses: [vip(100), vip(101)] });
    expect(lines.filter((line) => /^(add|remove)/.test(line))).toEqual([]);
  });

  test('are added for a new instance only once the old one has released them', () => {
    const agent = new Agent([WEB, MAIL], { linger: 'auto' });
    agent.becomeMaster();
    agent.reload(WEB, { name: 'ftp', vrid: 57, addresses: [vip(101)] });
    expect(agent.stateOf('ftp')).toBeUndefined();
    agent.elapse(seconds(1.2));
    expect(agent.stateOf('ftp')).toBe('BACKUP');
  });

  test('of a BACKUP change nothing but its advertisements', () => {
    const agent = new Agent([WEB]);
    expect(agent.reload({ ...WEB, addresses: [vip(102)] })).toEqual([]);
    expect(agent.elapse(seconds(4))).toContain('add 203.0.113.102/32');
  });

  test('that the kernel refused no longer count once they are not configured', () => {
    const agent = new Agent([{ ...WEB, addresses: [vip(100), vip(99)] }]);
    agent.errnoOf = (change) =>
      'address' in change && change.address === ip('203.0.113.99') ? 99 : 0;
    agent.becomeMaster();
    expect(agent.state).toBe('FAULT');
    agent.reload(WEB);
    expect(agent.state).toBe('BACKUP');
  });
});

describe('timing that changes', () => {
  test('is advertised immediately by the MASTER, which does not mistake its own past for a stall', () => {
    const agent = new Agent([WEB]);
    agent.becomeMaster();
    agent.elapse(milliseconds(700));
    const faster = { ...WEB, advertisementInterval: milliseconds(10) };
    expect(agent.reload(faster)).toEqual(['advert 100 to 224.0.0.18']);
    const lines = agent.elapse(milliseconds(100));
    expect(lines).toEqual(Array(10).fill('advert 100 to 224.0.0.18'));
  });

  test('comes from the MASTER that was heard in version 3, and from the configuration in version 2', () => {
    const slower = { advertisementInterval: seconds(2) };
    const third = new Agent([WEB]);
    third.hear(advert());
    third.reload({ ...WEB, ...slower });
    expect(third.elapse(seconds(3.7))).toContain('BACKUP -> MASTER (master-timeout)');

    const second = new Agent([{ ...WEB, version: 2 }]);
    second.reload({ ...WEB, version: 2, ...slower });
    expect(second.elapse(seconds(6.5))).toEqual([]);
    expect(second.elapse(seconds(0.2))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('of preemption applies from the next advertisement', () => {
    const agent = new Agent([{ ...WEB, preemptDelay: seconds(2) }]);
    agent.hear(advert({ priority: 50 }));
    agent.elapse(seconds(1));
    agent.reload({ ...WEB, preempt: false });
    for (let second = 0; second < 5; second++) {
      agent.hear(advert({ priority: 50 }));
      agent.elapse(seconds(1));
    }
    expect(agent.state).toBe('BACKUP');
  });

  test('of announcements applies immediately', () => {
    const agent = new Agent([WEB]);
    agent.becomeMaster();
    agent.reload({ ...WEB, garp: { ...NO_GARP, refresh: seconds(2) } });
    expect(agent.elapse(seconds(2.1))).toContain('arp request 203.0.113.100');
  });
});

describe('changes that make it another router', () => {
  test.each<[string, Partial<InstanceSettings>]>([
    ['another VRID', { vrid: 77 }],
    ['another version', { version: 2 }],
    ['to own the addresses', { priority: 255 }],
  ])('%s costs the mastership: priority 0, then a new start', (_, more) => {
    const agent = new Agent([WEB, MAIL]);
    agent.becomeMaster();
    const lines = agent.reload({ ...WEB, ...more }, MAIL);
    expect(lines[0]).toBe('advert 0 to 224.0.0.18');
    expect(lines).toContain('MASTER -> INIT (shutdown)');
    expect(lines.at(-1)).toMatch(/^INIT -> (BACKUP|MASTER) \(startup\)$/);
    expect(agent.stateOf('mail')).toBe('MASTER');
  });
});

test('an agent that stops takes no other configuration', () => {
  const agent = new Agent([WEB], { linger: 'auto' });
  agent.becomeMaster();
  agent.handle({ kind: 'shutdown' });
  expect(agent.reload(WEB, MAIL)).toEqual([]);
  expect(agent.engine.view()).toHaveLength(1);
});

describe('routes', () => {
  const ROUTE = defaultRoute(ip('192.0.2.1'));
  const OTHER = defaultRoute(ip('192.0.2.2'));
  const ADDED = 'add route default via 192.0.2.1 dev eth0';
  const REMOVED = 'remove route default via 192.0.2.1 dev eth0';
  const OTHER_ADDED = 'add route default via 192.0.2.2 dev eth0';

  test('of a MASTER are added and removed with the configuration, and it stays MASTER', () => {
    const agent = new Agent([WEB]);
    agent.becomeMaster();
    expect(agent.reload({ ...WEB, routes: [ROUTE] })).toEqual([ADDED]);
    expect(agent.reload({ ...WEB, routes: [ROUTE] })).toEqual([]);
    expect(agent.reload(WEB)).toEqual([REMOVED]);
    expect(agent.view().routing).toEqual([]);
    expect(agent.state).toBe('MASTER');
  });

  test('that change their gateway are removed before the new one is added, because the kernel allows only one', () => {
    const agent = new Agent([{ ...WEB, routes: [ROUTE] }]);
    agent.becomeMaster();
    expect(agent.reload({ ...WEB, routes: [OTHER] })).toEqual([REMOVED, OTHER_ADDED]);
    expect(agent.view().routing).toMatchObject([{ present: true, refusal: 0 }]);
  });

  test('that another instance takes over are removed before they are added', () => {
    const agent = new Agent([{ ...WEB, routes: [ROUTE] }, MAIL]);
    agent.becomeMaster();
    expect(agent.reload(WEB, { ...MAIL, routes: [ROUTE] })).toEqual([REMOVED, ADDED]);
  });

  test('of a removed instance are removed with it', () => {
    const agent = new Agent([WEB, { ...MAIL, routes: [ROUTE] }]);
    agent.becomeMaster();
    expect(agent.reload(WEB)).toContain(REMOVED);
    expect(agent.removed()).toEqual(['mail']);
  });
});
