/** One thing that happens to the machines of a scenario: `at` and exactly one other key. */
import * as z from 'zod';
import { choice, duration, mapping, wholeNumber } from '../../config/schema/schema-parts.ts';
import { FORGERIES, HARMLESS } from '../packets/forged-frame.ts';
import { directorName, machineName } from './names.ts';

const machines = z.union([machineName(), z.array(machineName()).min(1)], {
  error: 'expected a machine (lb1 to lb8, client) or a list of them',
});

const traffic = choice(['vrrp', 'all'])
  .meta({ description: '`vrrp`: protocol 112 alone, as by a firewall.', default: 'all' })
  .optional();

const oneWay = z
  .boolean()
  .meta({ description: 'Only on the way there; the other direction passes.', default: false })
  .optional();

const between = {
  from: machines.meta({ description: 'On one side.' }),
  to: machines.meta({ description: 'On the other side.' }),
  traffic,
  one_way: oneWay,
};

const whichMachine = machineName().meta({ description: 'Which machine.' });
const whichDirector = directorName().meta({ description: 'Which director.' });

const director = (description: string) => directorName().meta({ description }).optional();

const address = z
  .string()
  .meta({ description: 'Which virtual address. Default: the first.' })
  .optional();

const addressChange = (description: string) =>
  z
    .union([machineName(), mapping({ node: whichMachine, address }, description)], {
      error: 'expected a machine (lb1 to lb8, client), or { node, address }',
    })
    .meta({ description })
    .optional();

export const FLOODS = [...HARMLESS, ...FORGERIES] as const;

export const step = mapping(
  {
    at: duration().meta({ description: 'When, from the start of the clock.' }),
    crash: director('The machine dies: cable and agent are gone at once, without a word.'),
    boot: director('A crashed machine comes back, with none of its virtual addresses.'),
    kill: director('SIGKILL to the agent; kernel and addresses stay as they are.'),
    stop: director('SIGTERM to the agent, as a service manager does it.'),
    start: director('The agent is started.'),
    restart: director('The agent is stopped and started again.'),
    hang: director('SIGSTOP to the agent; the kernel goes on and answers for its addresses.'),
    freeze: director('The whole machine stands still, as a paused virtual machine does.'),
    thaw: director('What was hung or frozen goes on.'),
    link_down: machineName().meta({ description: 'The cable is pulled at the switch.' }).optional(),
    link_up: machineName().meta({ description: 'The cable is plugged in again.' }).optional(),
    partition: mapping(
      between,
      'Frames are lost between these machines; links stay up.',
    ).optional(),
    loss: mapping(
      {
        ...between,
        percent: wholeNumber(1, 99).meta({ description: 'How many of 100 frames are lost.' }),
      },
      'Some frames are lost, by chance.',
    ).optional(),
    delay: mapping(
      {
        node: whichMachine,
        by: duration().meta({ description: 'Up to 10s.' }),
        jitter: duration().meta({ description: 'Up to this much more or less.' }).optional(),
      },
      'What is sent to the machine arrives later (netem; refused where the kernel has none).',
    ).optional(),
    heal: z
      .literal(true, { error: 'expected true' })
      .meta({ description: 'Ends every partition, loss and delay.' })
      .optional(),
    reload: mapping(
      {
        node: whichDirector,
        set: z
          .record(z.string(), z.unknown())
          .meta({ description: 'Instance keys with their new values.' }),
      },
      'The configuration file is changed and the agent reloads it (SIGHUP).',
    ).optional(),
    failover: director('`vrrp-agent failover --all`: its addresses go to another director.'),
    release: director('`vrrp-agent failover --release`: it may be MASTER again.'),
    maintenance: mapping(
      {
        node: whichDirector,
        state: choice(['on', 'off']).meta({ description: 'Begin or end it.' }),
      },
      '`vrrp-agent maintenance on|off`.',
    ).optional(),
    cpu_stress: mapping(
      {
        for: duration().meta({ description: 'Up to 60s.' }),
        loops: wholeNumber(1, 64)
          .meta({ description: 'Busy loops. Default: two for each processor.' })
          .optional(),
      },
      'Busy loops of ordinary priority on the machine that runs the lab.',
    ).optional(),
    flood: mapping(
      {
        packet: choice(FLOODS).meta({
          description:
            'An advertisement that must not change anything: of lower priority, of a foreign ' +
            'VRID, or with an error for which it has to be refused (and priority 255).',
        }),
        per_second: wholeNumber(1, 50_000).meta({ description: 'How many.' }),
        for: duration().meta({ description: 'Up to 60s.' }),
      },
      'The client sends advertisements.',
    ).optional(),
    delete_address: addressChange('Somebody deletes a virtual address by hand.'),
    add_address: addressChange('Somebody configures a virtual address on a machine.'),
  },
  'Something that happens.',
);

export type StepFile = z.infer<typeof step>;

/** Everything a step can do: its keys but the time. */
export const ACTIONS = Object.keys(step.shape).filter((key) => key !== 'at') as readonly Exclude<
  keyof StepFile,
  'at'
>[];
