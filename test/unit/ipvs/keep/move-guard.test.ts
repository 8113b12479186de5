import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IpvsSettings } from '../../../../src/config/ipvs-settings.ts';
import { GUARD_MS, MoveGuard } from '../../../../src/ipvs/keep/move-guard.ts';
import { type IpAddress, ip } from '../../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';
import type { StateName, TransitionCause } from '../../../../src/protocol/engine/reports.ts';
import { advert, linkOf, Rig } from '../../../conformance/rig.ts';
import { settingsOf } from '../../observe/samples.ts';
import { service } from '../health/health-rig.ts';
import { QuietLog } from '../quiet-log.ts';

const VIPS = { web: ip('203.0.113.100'), web6: ip('2001:db8::100'), mail: ip('203.0.113.110') };

/** The cause that the engine reports for a takeover after the peer was MASTER. */
function causeAfter(end: (rig: Rig) => void) {
  const rig = new Rig();
  rig.start();
  rig.hear(advert({ priority: 200 }));
  end(rig);
  rig.elapse(seconds(5));
  const report = rig.reports.findLast((one) => one.kind === 'transition');
  if (report?.kind !== 'transition' || report.to !== 'MASTER') throw new Error('no takeover');
  return report.cause;
}

const CRASHED = causeAfter(() => {});
const PLANNED = causeAfter((rig) => rig.hear(advert({ priority: 0 })));
const PREEMPTED = causeAfter((rig) => {
  for (let i = 0; i < 8; i++) {
    rig.hear(advert({ priority: 50 }));
    rig.elapse(milliseconds(500));
  }
});

function settings(rstGuard: 'planned' | 'always' | 'off' = 'planned'): IpvsSettings {
  const web6 = service([], {}, 'web6');
  const key = { ...web6.service.key, family: 'ipv6', address: VIPS.web6 } as const;
  return {
    ...{ required: true, exclusive: false, onStop: 'remove', timeouts: undefined, sysctls: {} },
    sync: {
      ...{ mode: 'follow', instance: 'web', rstGuard, catchUp: false, peers: [] },
      daemon: {
        interface: 'eth1',
        syncId: 55,
        ...{ group: undefined, port: undefined, ttl: undefined, maximumLength: undefined },
      },
    },
    services: [service([]), { ...web6, service: { ...web6.service, key } as typeof web6.service }],
  };
}

const instances = settingsOf('web', 'web6', 'mail').instances.map((instance) => {
  const address = VIPS[instance.name as keyof typeof VIPS];
  return {
    ...instance,
    addresses: [{ address, prefixLength: 32, interface: 'eth0' }],
    extraAddresses: [],
  };
});

/** Addresses whose resets are blocked, after each change of the table. */
async function guardOf(masters: readonly string[], wanted = settings()) {
  const blocked: IpAddress[][] = [];
  const guard = new MoveGuard({
    log: new QuietLog().log,
    isMaster: (name) => masters.includes(name),
    guardTable: () => ({
      want: async (content = '') => {
        blocked.push(Object.values(VIPS).filter((vip) => content.includes(vip)));
      },
      abandon: () => {},
    }),
  });
  await guard.follow(wanted, instances);
  const move = async (
    instance: string,
    from: StateName,
    to: StateName,
    cause: TransitionCause = 'fault',
  ) => {
    guard.apply({ instance, from, to, cause });
    await vi.advanceTimersByTimeAsync(1);
  };
  return { guard, blocked, move };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('Every instance with a service is guarded until it is MASTER, and no other one', async () => {
  const { guard, blocked, move } = await guardOf([]);
  expect(blocked).toEqual([[VIPS.web, VIPS.web6]]);
  await move('web6', 'BACKUP', 'MASTER', CRASHED);
  await move('mail', 'BACKUP', 'MASTER', CRASHED);
  expect(blocked.slice(1)).toEqual([[VIPS.web]]);
  await move('web', 'BACKUP', 'MASTER', CRASHED);
  expect(blocked.slice(2)).toEqual([[]]);
  expect(guard.isGuarding).toBe(false);
});

/**
 * A silent MASTER can no longer send its buffer, and one that was this host has none; with every other cause
 * it resigned or still runs.
 */
const IS_PLANNED: { readonly [Cause in TransitionCause]: boolean } = {
  'master-silent': false,
  'still-master': false,
  started: true,
  'owner-started': true,
  'priority-zero': true,
  preemption: true,
  'preempt-delay-passed': true,
  'higher-priority': true,
  unheard: true,
  'successor-heard': true,
  'no-successor': true,
  'group-backup': true,
  'master-resigned': true,
  'master-cut-off': true,
  'master-dead': false,
  'cut-off': true,
  outranked: true,
  'witness-lost': true,
  shutdown: true,
  stall: true,
  fault: true,
  'fault-cleared': true,
  'agent-failed': true,
};

test.each(Object.entries(IS_PLANNED) as [TransitionCause, boolean][])(
  'After a takeover with cause %s the guard stays for a while: %s',
  async (cause, isPlanned) => {
    const { blocked, move } = await guardOf(['web6']);
    await move('web', 'BACKUP', 'MASTER', cause);
    expect(blocked).toEqual(isPlanned ? [[VIPS.web]] : [[VIPS.web], []]);
    await vi.advanceTimersByTimeAsync(GUARD_MS);
    expect(blocked.slice(1)).toEqual([[]]);
  },
);

test('The engine reports those causes for a crash, a resignation and a preemption', () => {
  expect([CRASHED, PLANNED, PREEMPTED]).toEqual(['master-silent', 'priority-zero', 'preemption']);
});

describe('A takeover of a sync group', () => {
  /** Causes of both members, after `end` of a MASTER that `slow` still hears. */
  function groupCauses(end: (hear: (vrid: number, priority: number) => void) => void) {
    const member = (name: string, vrid: number, interval: number) => ({
      ...{ name, vrid, preempt: false, advertisementInterval: milliseconds(interval) },
      addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: 'eth0' }],
    });
    const group = { name: 'g', instances: ['fast', 'slow'], mode: 'any', track: [] } as const;
    const rig = new Rig([member('fast', 1, 100), member('slow', 2, 1_000)], {
      links: [linkOf()],
      syncGroups: [group],
    });
    rig.start();
    const hear = (vrid: number, priority: number) => {
      const interval = milliseconds(vrid === 1 ? 100 : 1_000);
      rig.hear(advert({ vrid, priority, interval, addresses: [ip(`203.0.113.${vrid}`)] }));
    };
    hear(1, 50);
    end(hear);
    hear(2, 50);
    rig.elapse(milliseconds(600));
    return rig.reports.flatMap((one) =>
      one.kind === 'transition' && one.to === 'MASTER' ? [one.cause] : [],
    );
  }

  test('from a silent MASTER is not planned for any member', () => {
    const causes = groupCauses(() => {});
    expect(causes).toHaveLength(2);
    expect(causes.map((cause) => IS_PLANNED[cause])).toEqual([false, false]);
  });

  test('from a MASTER that resigned is planned for every member', () => {
    const causes = groupCauses((hear) => hear(1, 0));
    expect(causes).toHaveLength(2);
    expect(causes.map((cause) => IS_PLANNED[cause])).toEqual([true, true]);
  });
});

test('An instance that is BACKUP again meanwhile stays guarded', async () => {
  const { blocked, move } = await guardOf(['web6']);
  await move('web', 'BACKUP', 'MASTER', PLANNED);
  await move('web', 'MASTER', 'BACKUP');
  await vi.advanceTimersByTimeAsync(GUARD_MS);
  expect(blocked.at(-1)).toEqual([VIPS.web]);
});

test('The first configuration removes the guard of a former process, and the same one changes nothing', async () => {
  const { guard, blocked } = await guardOf([], settings('off'));
  expect(blocked).toEqual([[]]);
  await guard.follow(settings('off'), instances);
  expect(blocked).toEqual([[]]);
});

test('The guard can be wanted after every takeover, or never', async () => {
  const always = await guardOf(['web6'], settings('always'));
  await always.move('web', 'BACKUP', 'MASTER', CRASHED);
  expect(always.blocked).toEqual([[VIPS.web]]);
  const never = await guardOf([], settings('off'));
  await never.move('web', 'MASTER', 'BACKUP');
  await never.guard.lower();
  expect(never.blocked.flat()).toEqual([]);
});

test('A reload sets the guard up again only if it changes the addresses', async () => {
  const { guard, blocked } = await guardOf([]);
  await guard.follow({ ...settings(), exclusive: true }, instances);
  expect(blocked).toHaveLength(1);
  await guard.follow(settings('off'), instances);
  expect(blocked.slice(1)).toEqual([[]]);
});

test('A stop removes the guard immediately', async () => {
  const { guard, blocked, move } = await guardOf([]);
  await move('web', 'BACKUP', 'MASTER', PLANNED);
  await guard.lower();
  await vi.advanceTimersByTimeAsync(GUARD_MS);
  expect(blocked).toEqual([[VIPS.web, VIPS.web6], []]);
});
