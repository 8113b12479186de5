/**
 * What the interfaces of this host mean for a configuration: VIPs that another program has put elsewhere,
 * and interfaces that are ports of a bridge.
 */

import { Routes } from '../../kernel/rtnetlink/routes.ts';
import { answersElsewhere } from '../../kernel/sysctl/arp-answers.ts';
import { InterfaceSettings } from '../../kernel/sysctl/interface-settings.ts';
import { strayIp, straysOf } from '../../protocol/engine/addresses/elsewhere.ts';
import { RouterTable } from '../../protocol/engine/core/router-table.ts';
import { LinkTable } from '../../protocol/engine/links.ts';
import type { Report } from '../../protocol/engine/reports.ts';
import { peersOf } from '../../protocol/engine/router/virtual-router.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { StrayAddress } from '../../protocol/engine/view.ts';
import { secondaryWarnings } from './secondary-addresses.ts';

const SETTINGS = new InterfaceSettings();

/** Adds whether the host answers for a VIP that is elsewhere: the protocol thread reads no files. */
export function withAnswers(report: Report): Report {
  if (report.kind !== 'stray-address') return report;
  return { ...report, answers: strayAnswers(report.stray) };
}

/** True if this host answers ARP or ND for the address even when it is not MASTER. */
export function strayAnswers(stray: StrayAddress): boolean {
  const vip = strayIp(stray);
  const { interface: holder, wire } = stray;
  return vip !== undefined && answersElsewhere(vip, { holder, wire }, SETTINGS);
}

/** One sentence for each; empty if the links cannot be read. */
export function linkWarnings({ instances }: Pick<Settings, 'instances'>): string[] {
  const links = linksHere();
  if (links === undefined) return [];
  return [
    ...warningsFor(instances, links, strayAnswers),
    ...vrfWarnings(instances, links),
    ...secondaryWarnings(instances, links, promotesSecondaries),
  ];
}

function promotesSecondaries(link: string): boolean {
  return ['all', link].some((name) => SETTINGS.read('ipv4', name, 'promote_secondaries') === 1);
}

export function warningsFor(
  instances: Settings['instances'],
  links: LinkTable,
  answers: (stray: StrayAddress) => boolean,
): string[] {
  const routers = new RouterTable(instances);
  const strays = [...straysOf(routers, links)].flatMap(([router, found]) =>
    found.filter(answers).map((stray) => straySentence(router.settings.name, stray)),
  );
  const ports = routers.all.flatMap(({ settings, interfaces }) =>
    [...interfaces].flatMap((name) => {
      const link = links.byName(name)?.attributes;
      const taker = link === undefined ? undefined : links.takerOf(link);
      if (taker === undefined) return [];
      const isPort = link?.portOf !== undefined;
      const instead = insteadOf(taker, links);
      const relation = isPort
        ? `a port of ${taker}`
        : `below ${taker}, a macvlan in mode passthru,`;
      return [
        `${name} of ${settings.name} is ${relation} on this machine, which gets its packets: it would be in ` +
          `FAULT; use ${instead}`,
      ];
    }),
  );
  return [...strays, ...ports, ...lonelyWarnings(instances, links)];
}

/** The ports of all bridges of Open vSwitch belong to one link, which carries nothing itself. */
function insteadOf(taker: string, links: LinkTable): string {
  if (taker === 'ovs-system') return 'the internal port of its bridge (ovs-vsctl port-to-br)';
  return links.byName(taker) === undefined ? 'that' : `"interface: ${taker}"`;
}

/** One list of peers may serve all directors, but needs an address of another one. */
function lonelyWarnings(instances: Settings['instances'], links: LinkTable): string[] {
  return instances
    .filter((one) => peersOf(one, links)?.length === 0)
    .map(({ name, unicast }) => {
      const peers = unicast?.peers.map(({ address }) => address).join(', ');
      return (
        `all "peers" of ${name} (${peers}) are addresses of this machine: it would advertise to no other ` +
        'director, and both would be MASTER; write the addresses of the others'
      );
    });
}

/** An instance that is not where its file says leaves its routes where nothing looks for them. */
export function vrfWarnings(instances: Settings['instances'], links: LinkTable): string[] {
  return instances.flatMap(({ name, interface: link, vrf }) => {
    const attributes = links.byName(link)?.attributes;
    if (attributes === undefined) return [];
    const actual = links.byIndex(attributes.vrf ?? 0)?.attributes.name;
    if (actual === vrf?.name) return [];
    if (actual !== undefined) {
      return [
        `${link} of ${name} belongs to the VRF ${actual} on this machine: write "vrf: ${actual}", or its ` +
          'routes and the link of its virtual MAC are outside',
      ];
    }
    return [
      `${link} of ${name} belongs to no VRF on this machine, not to ${vrf?.name}: ` +
        `ip link set ${link} master ${vrf?.name}`,
    ];
  });
}

/** A VIP that is the address of the host by a typing error is such an address as well. */
function straySentence(instance: string, { address, interface: name, wire }: StrayAddress): string {
  const instead =
    name === wire
      ? ", or choose another VIP if it is the host's own"
      : `, or, on a real server of IPVS, set net.ipv4.conf.${wire}.arp_ignore=1`;
  return (
    `${address} of ${instance} is on ${name} of this machine, which answers for it even when it is not ` +
    `MASTER: remove it ("ip addr del ${address} dev ${name}")${instead}`
  );
}

function linksHere(): LinkTable | undefined {
  let routes: Routes | undefined;
  try {
    routes = new Routes();
    const links = new LinkTable();
    links.replace(routes.snapshot().links);
    return links;
  } catch {
    return undefined;
  } finally {
    routes?.close();
  }
}
