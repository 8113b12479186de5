/** What one entry of the table of steps consists of, and the shapes that several of them share. */
import type * as z from 'zod';
import type { Findings, Path } from '../../config/finding.ts';
import { formatDuration, microseconds } from '../../net/time.ts';
import { durationAt, type Inventory, SECOND } from './inventory.ts';
import { directorName, machineName, programName } from './names.ts';

const STRESS_MAX = 60 * SECOND;

/** Where a step is in the file, and what it may refer to. */
export interface StepContext {
  readonly path: Path;
  readonly inventory: Inventory;
  readonly findings: Findings;
}

/** Methods, so that an entry of any kind can be used as a `StepEntry<unknown, object>`. */
export interface StepEntry<Value, Fields extends object> {
  readonly schema: z.ZodType<Value>;
  /** The fields of the action, without its kind. */
  lower(value: Value, context: StepContext): Fields;
  describe(fields: Fields): string;
  /** A command of vrrp-agent: other programs have none. */
  readonly isCommand?: true;
  /** The step takes effect when it begins and lasts until it ends. */
  readonly isLasting?: true;
}

/** Infers `Fields` from `lower`. */
export function entry<Schema extends z.ZodType, Fields extends object>(
  schema: Schema,
  rest: Omit<StepEntry<z.infer<Schema>, Fields>, 'schema'>,
) {
  return { schema, ...rest };
}

export function onDirector(verb: string, description: string, isCommand?: true) {
  return entry(directorName().meta({ description }), {
    lower: (node: string) => ({ node }),
    describe: ({ node }) => `${verb} ${node}`,
    ...(isCommand === undefined ? {} : { isCommand }),
  });
}

/** Also on a machine of etcd. */
export function onProgram(verb: string, description: string) {
  return entry(programName().meta({ description }), {
    lower: (node: string) => ({ node }),
    describe: ({ node }) => `${verb} ${node}`,
  });
}

export const whichMachine = machineName().meta({ description: 'Which machine.' });
export const whichDirector = directorName().meta({ description: 'Which director.' });

export function lastsAt(text: string, { path, findings }: StepContext): number {
  return durationAt(text, [...path, 'for'], findings, [1, STRESS_MAX]);
}

/** For descriptions. */
export function time(value: number): string {
  return formatDuration(microseconds(value));
}
