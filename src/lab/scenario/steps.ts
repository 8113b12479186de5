/**
 * The steps of a scenario, one entry per kind: its key in the file, how the value becomes an action,
 * and the words that reports use for it. `field-steps.ts` has those that change a director's surroundings.
 * `run/testbed.ts` performs the actions.
 */
import * as z from 'zod';
import type { Findings, Path } from '../../config/finding.ts';
import { choice, duration, mapping, wholeNumber } from '../../config/schema/schema-parts.ts';
import { FORGERIES, HARMLESS } from '../packets/forged-frame.ts';
import { FIELD_STEPS } from './field-steps.ts';
import { durationAt, type Inventory, SECOND, vipAt } from './inventory.ts';
import { machineName } from './names.ts';
import {
  entry,
  lastsAt,
  onDirector,
  onMachine,
  type StepContext,
  type StepEntry,
  time,
  whichDirector,
  whichMachine,
} from './step-entry.ts';

const DELAY_MAX = 10 * SECOND;

const machines = z.union([machineName(), z.array(machineName()).min(1)], {
  error: 'expected a machine (lb1 to lb8, client) or a list of them',
});

/** Frames from one set of machines to another. */
export interface Crossings {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly traffic: 'vrrp' | 'all';
  readonly isOneWay: boolean;
}

const betweenKeys = {
  from: machines.meta({ description: 'On one side.' }),
  to: machines.meta({ description: 'On the other side.' }),
  traffic: choice(['vrrp', 'all'])
    .meta({ description: '`vrrp`: protocol 112 only, as a firewall does.', default: 'all' })
    .optional(),
  one_way: z
    .boolean()
    .meta({ description: 'Only from `from` to `to`; the other direction passes.', default: false })
    .optional(),
};

const betweenFile = z.object(betweenKeys);

function lowerCrossings(
  file: z.infer<typeof betweenFile>,
  { path, findings }: StepContext,
): Crossings {
  const [from, to] = [[file.from].flat(), [file.to].flat()];
  const both = from.filter((name) => to.includes(name));
  if (both.length > 0) {
    findings.error([...path, 'to'], 'conflict', `${both.join(', ')} is on both sides`);
  }
  return { from, to, traffic: file.traffic ?? 'all', isOneWay: file.one_way ?? false };
}

function describeCrossings({ from, to, traffic, isOneWay }: Crossings): string {
  const sides = `${from.join('+')} ${isOneWay ? '→' : '↔'} ${to.join('+')}`;
  return traffic === 'vrrp' ? `${sides} (VRRP only)` : sides;
}

function addressChange(verb: string, description: string) {
  const keys = {
    node: whichMachine,
    address: z
      .string()
      .meta({ description: 'Which virtual address. Default: the first.' })
      .optional(),
    on: choice(['eth0', 'lo'])
      .meta({
        description:
          'Which interface. `lo`: as directors of LVS-DR have it; the step sets `arp_ignore` to 1.',
        default: 'eth0',
      })
      .optional(),
  };
  const schema = z
    .union([machineName(), mapping(keys, description)], {
      error: 'expected a machine (lb1 to lb8, client), or { node, address, on }',
    })
    .meta({ description });
  return entry(schema, {
    lower: (value, { path, inventory, findings }) => {
      const { node, address, on } = typeof value === 'string' ? { node: value } : value;
      const isOnLoopback = on === 'lo';
      return {
        node,
        address: vipAt(address, [...path, 'address'], inventory, findings),
        isOnLoopback,
      };
    },
    describe: ({ node, address, isOnLoopback }) =>
      `${address} ${verb} on ${isOnLoopback ? 'lo of ' : ''}${node}`,
  });
}

const STEPS = {
  crash: onDirector(
    'crash',
    'The machine loses power: link and agent are gone, and nothing is announced.',
  ),
  boot: onDirector('boot', 'A crashed machine starts, without any virtual address.'),
  kill: onDirector('kill', 'SIGKILL to the agent; the kernel keeps running, with its addresses.'),
  stop: onDirector('stop', 'SIGTERM to the agent, as from a service manager.'),
  start: onDirector('start', 'The agent is started.'),
  restart: onDirector('restart', 'The agent is stopped and started again.'),
  hang: onDirector(
    'hang',
    'SIGSTOP to the agent; the kernel keeps running and answers for its addresses.',
  ),
  freeze: onDirector('freeze', 'The whole machine stops, like a paused virtual machine.'),
  thaw: onDirector('thaw', 'A hung agent or a frozen machine continues.'),
  link_down: onMachine('link down', 'The cable is pulled at the switch.'),
  link_up: onMachine('link up', 'The cable is plugged in again.'),
  partition: entry(mapping(betweenKeys, 'Frames are lost between these machines; links stay up.'), {
    lower: lowerCrossings,
    describe: (crossings: Crossings) => `partition ${describeCrossings(crossings)}`,
  }),
  loss: entry(
    mapping(
      {
        ...betweenKeys,
        percent: wholeNumber(1, 99).meta({ description: 'How many of 100 frames are lost.' }),
      },
      'Some frames are lost at random.',
    ),
    {
      lower: (file, context) => ({ percent: file.percent, ...lowerCrossings(file, context) }),
      describe: ({ percent, ...crossings }) => `${percent} % loss ${describeCrossings(crossings)}`,
    },
  ),
  delay: entry(
    mapping(
      {
        node: whichMachine,
        by: duration().meta({ description: 'Up to 10s.' }),
        jitter: duration().meta({ description: 'Up to this much more or less.' }).optional(),
      },
      'Frames to this machine arrive later (netem; refused on kernels without it).',
    ),
    {
      lower: ({ node, by, jitter = '0s' }, { path, findings }) => ({
        node,
        by: durationAt(by, [...path, 'by'], findings, [0, DELAY_MAX]),
        jitter: durationAt(jitter, [...path, 'jitter'], findings, [0, DELAY_MAX]),
      }),
      describe: ({ node, by, jitter }) =>
        `delay ${node} by ${time(by)}${jitter === 0 ? '' : ` ± ${time(jitter)}`}`,
    },
  ),
  heal: entry(
    z
      .literal(true, { error: 'expected true' })
      .meta({ description: 'Ends every partition, loss and delay.' }),
    { lower: () => ({}), describe: () => 'heal' },
  ),
  reload: entry(
    mapping(
      {
        node: whichDirector,
        set: z
          .record(z.string(), z.unknown())
          .meta({ description: 'Instance keys with their new values.' }),
      },
      'The configuration file changes and the agent reloads it (SIGHUP).',
    ),
    {
      lower: ({ node, set }): { node: string; set: Readonly<Record<string, unknown>> } => ({
        node,
        set,
      }),
      describe: ({ node, set }) => `reload ${node} with ${describeSettings(set)}`,
    },
  ),
  failover: onDirector(
    'failover',
    '`vrrp-agent failover --all`: hands the addresses over to another director.',
    true,
  ),
  release: onDirector(
    'release',
    '`vrrp-agent failover --release`: the director may become MASTER again.',
    true,
  ),
  maintenance: entry(
    mapping(
      {
        node: whichDirector,
        state: choice(['on', 'off']).meta({ description: 'Begin or end it.' }),
      },
      '`vrrp-agent maintenance on|off`.',
    ),
    {
      lower: ({ node, state }) => ({ node, state }),
      describe: ({ node, state }) => `maintenance ${state}: ${node}`,
      isCommand: true,
    },
  ),
  cpu_stress: entry(
    mapping(
      {
        for: duration().meta({ description: 'Up to 60s.' }),
        loops: wholeNumber(1, 64)
          .meta({ description: 'Busy loops. Default: two for each processor.' })
          .optional(),
      },
      'Busy loops at ordinary priority on the host that runs the lab.',
    ),
    {
      lower: (file, context) => ({ lasts: lastsAt(file.for, context), loops: file.loops }),
      describe: ({ lasts }) => `CPU stress for ${time(lasts)}`,
      isLasting: true,
    },
  ),
  flood: entry(
    mapping(
      {
        packet: choice([...HARMLESS, ...FORGERIES]).meta({
          description:
            'An advertisement that must not change anything: lower priority, foreign VRID, or ' +
            'priority 255 with an error for which it must be refused.',
        }),
        per_second: wholeNumber(1, 50_000).meta({ description: 'How many.' }),
        for: duration().meta({ description: 'Up to 60s.' }),
      },
      'The client sends advertisements.',
    ),
    {
      lower: (file, context) => ({
        packet: file.packet,
        perSecond: file.per_second,
        lasts: lastsAt(file.for, context),
      }),
      describe: ({ packet, perSecond, lasts }) =>
        `flood: ${packet}, ${perSecond}/s for ${time(lasts)}`,
      isLasting: true,
    },
  ),
  delete_address: addressChange('deleted', 'A virtual address is deleted by hand.'),
  add_address: addressChange('added', 'A virtual address is added by hand.'),
  ...FIELD_STEPS,
};

type StepTable = typeof STEPS;
export type StepKind = keyof StepTable;

export type Action = {
  readonly [Kind in StepKind]: { readonly kind: Kind } & Readonly<
    ReturnType<StepTable[Kind]['lower']>
  >;
}[StepKind];

export interface ScenarioStep {
  /** Microseconds on the clock of the steps. */
  readonly at: number;
  readonly action: Action;
}

/** Those that `run/field.ts` performs on one director. */
export type FieldAction = Extract<
  Action,
  { readonly kind: Exclude<keyof typeof FIELD_STEPS, 'foreign_router'> }
>;

const KINDS = Object.keys(STEPS) as readonly StepKind[];

function entryOf(kind: StepKind): StepEntry<unknown, object> {
  return STEPS[kind] as StepEntry<unknown, object>;
}

type StepKeys = { [Kind in StepKind]: z.ZodOptional<StepTable[Kind]['schema']> };
const stepKeys = Object.fromEntries(
  KINDS.map((kind) => [kind, entryOf(kind).schema.optional()]),
) as StepKeys;

/** `at` and exactly one other key. */
export const step = mapping(
  { at: duration().meta({ description: 'When, from the start of the clock.' }), ...stepKeys },
  'Something that happens.',
);

export type StepFile = z.infer<typeof step>;

/** Undefined after reporting a step that cannot be used. */
export function lowerStep(
  file: StepFile,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): ScenarioStep | undefined {
  const at = durationAt(file.at, [...path, 'at'], findings, [0, inventory.duration]);
  const named = KINDS.filter((kind) => file[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined) {
    findings.error(path, 'missing', 'this step has no action: add one, such as "kill: lb1"');
    return undefined;
  }
  if (named.length > 1) {
    const message = `a step has one action, this one has ${named.join(' and ')}`;
    findings.error(path, 'conflict', message);
    return undefined;
  }
  const context = { path: [...path, kind], inventory, findings };
  const action = { kind, ...entryOf(kind).lower(file[kind], context) } as Action;
  checkMachines(action, context);
  return { at, action };
}

function checkMachines(action: Action, { path, inventory, findings }: StepContext): void {
  const named = 'from' in action ? [...action.from, ...action.to] : nodesOf(action);
  for (const name of named) {
    if (inventory.machines.has(name)) continue;
    findings.error(path, 'conflict', `this scenario has no ${name}`);
  }
  if (entryOf(action.kind).isCommand !== true) return;
  for (const { name, agent } of inventory.nodes) {
    if (!named.includes(name) || agent === 'vrrp-agent') continue;
    findings.error(path, 'conflict', `${agent}, which runs on ${name}, has no such command`);
  }
}

function nodesOf(action: Action): string[] {
  return 'node' in action ? [action.node] : [];
}

/** For progress, reports and test names. */
export function describeAction(action: Action): string {
  return entryOf(action.kind).describe(action);
}

export function isLasting({ kind }: Action): boolean {
  return entryOf(kind).isLasting === true;
}

function describeSettings(set: Readonly<Record<string, unknown>>): string {
  return Object.entries(set)
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}
