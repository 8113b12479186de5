/** Crash, planned stop and return with virtual MACs, which only the switch must relearn. */
import { ONE_IPV6_ROUTER, ONE_ROUTER } from '../harness/routers.ts';
import type { Row } from '../harness/row.ts';
import type { Scenario } from '../harness/scenario.ts';
import { type CrashCase, crashAt } from './crash.ts';
import { type PlannedCase, stopAndReturn } from './planned.ts';

const WHAT = ' with a virtual MAC';
const PLANNED = { virtualMac: true, max: 10 } as const;

const CRASHES: readonly CrashCase[] = [
  { virtualMac: true, routers: ONE_ROUTER, what: WHAT },
  { virtualMac: true, routers: ONE_IPV6_ROUTER, what: `${WHAT} over IPv6` },
];

const STOPS: readonly PlannedCase[] = [
  { ...PLANNED, routers: ONE_ROUTER, what: WHAT },
  { ...PLANNED, routers: ONE_IPV6_ROUTER, what: `${WHAT} over IPv6` },
];

export const virtualMac: Scenario = {
  name: 'virtual-mac',
  title: 'Crash with virtual MAC addresses',
  method:
    'As in “Crash of the MASTER”, with virtual_mac: true, and use_vmac for keepalived: only the ' +
    'switch must relearn.',
  async run(context) {
    const rows: Row[] = [];
    for (const one of CRASHES) {
      for (const interval of [1_000, 100]) rows.push(await crashAt(context, interval, one));
    }
    return rows;
  },
};

export const virtualMacStop: Scenario = {
  name: 'virtual-mac-stop',
  title: 'Planned stop and return with virtual MAC addresses',
  method: 'As in “Planned stop and return”, with virtual_mac: true, and use_vmac for keepalived.',
  async run(context) {
    const rows: Row[] = [];
    for (const one of STOPS) rows.push(...(await stopAndReturn(context, one)));
    return rows;
  },
};
