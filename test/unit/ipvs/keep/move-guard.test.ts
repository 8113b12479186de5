import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { IpvsSettings } from '../../../../src/config/ipvs-settings.ts';
import { GUARD_MS, MoveGuard } from '../../../../src/ipvs/keep/move-guard.ts';
import { type IpAddress, ip } from '../../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';
import type { StateName, TransitionCause } from '../../../../src/protocol/engine/reports.ts';
import { advert, Rig } from '../../../conformance/rig.ts';
import { settingsOf } from '../../observe/samples.ts';
import { service } from '../health/health-rig.ts';
import { QuietLog } from '../quiet-log.ts';

const VIPS = { web: ip('203.0.113.100'), web6: ip('2001:db8::100'), mail: ip('203.0.113.110') };

/** What the engine says about a take-over after the peer was MASTER. */
function causeAfter(end: (rig: Rig) => void) {
  const rig = new Rig();
  rig.start();
  rig.hear(advert({ priority: 200 }));
  end(rig);
  rig.elapse(seconds(5));
  const report = rig.reports.findLast((one) => one.kind === 'transition');
  if (report?.kind !== 'transition' || report.to !== 'MASTER') throw new Error('no take-over');
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
      ...{ mode: 'follow', instance: 'web', rstGuard, catchUp: false },
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

/** What resets are held back from, after each change of the table. */
async function guardOf(masters: readonly string[], wanted = settings()) {
  const held: IpAddress[][] = [];
  const guard = new MoveGuard({
    log: new QuietLog().log,
    isMaster: (name) => masters.includes(name),
    guardTable: () => ({
      want: async (content = '') => {
        held.push(Object.values(VIPS).filter((vip) => content.includes(vip)));
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
  return { guard, held, move };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('Every instance that has a service is guarded until it is MASTER, and no other one', async () => {
  const { guard, held, move } = await guardOf([]);
  expect(held).toEqual([[VIPS.web, VIPS.web6]]);
  await move('web6', 'BACKUP', 'MASTER', CRASHED);
  await move('mail', 'BACKUP', 'MASTER', CRASHED);
  expect(held.slice(1)).toEqual([[VIPS.web]]);
  await move('web', 'BACKUP', 'MASTER', CRASHED);
  expect(held.slice(2)).toEqual([[]]);
  expect(guard.isGuarding).toBe(false);
});

test.each([
  ['after a resignation', PLANNED],
  ['by preemption', PREEMPTED],
] as const)('After a planned take-over, %s, it stands for a while longer', async (_, cause) => {
  const { held, move } = await guardOf(['web6']);
  await move('web', 'BACKUP', 'MASTER', cause);
  expect(held).toEqual([[VIPS.web]]);
  await vi.advanceTimersByTimeAsync(GUARD_MS);
  expect(held.slice(1)).toEqual([[]]);
});

test('An instance that loses its place meanwhile is guarded on', async () => {
  const { held, move } = await guardOf(['web6']);
  await move('web', 'BACKUP', 'MASTER', PLANNED);
  await move('web', 'MASTER', 'BACKUP');
  await vi.advanceTimersByTimeAsync(GUARD_MS);
  expect(held.at(-1)).toEqual([VIPS.web]);
});

test('It can be wanted after every take-over, and not at all', async () => {
  const always = await guardOf(['web6'], settings('always'));
  await always.move('web', 'BACKUP', 'MASTER', CRASHED);
  expect(always.held).toEqual([[VIPS.web]]);
  const never = await guardOf([], settings('off'));
  await never.move('web', 'MASTER', 'BACKUP');
  await never.guard.lower();
  expect(never.held).toEqual([]);
});

test('A reload that changes the addresses sets it up anew, any other one does not', async () => {
  const { guard, held } = await guardOf([]);
  await guard.follow({ ...settings(), exclusive: true }, instances);
  expect(held).toHaveLength(1);
  await guard.follow(settings('off'), instances);
  expect(held.slice(1)).toEqual([[]]);
});

test('A stop lowers it, whatever was to come', async () => {
  const { guard, held, move } = await guardOf([]);
  await move('web', 'BACKUP', 'MASTER', PLANNED);
  await guard.lower();
  await vi.advanceTimersByTimeAsync(GUARD_MS);
  expect(held).toEqual([[VIPS.web, VIPS.web6], []]);
});
