/** One request for each of several instances: their names, the outcomes and the exit status. */
import type { Command } from 'commander';
import { parseDuration } from '../config/duration.ts';
import {
  type ControlClient,
  type ErrorDocument,
  type InstanceOperations,
  type InstanceVerb,
  RefusedRequest,
} from '../library/client.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { CliContext } from './terminal/context.ts';
import { printable } from './terminal/text.ts';

type Answer<Verb extends InstanceVerb> = InstanceOperations[Verb]['answer'];

export interface Operation<Verb extends InstanceVerb> {
  readonly verb: Verb;
  readonly request: InstanceOperations[Verb]['request'];
  readonly json: boolean;
  /** One line, without a newline. */
  readonly render: (document: Answer<Verb>) => string;
  /** True if the agent answered, but did not do what the operator requested. */
  readonly isFailure: (document: Answer<Verb>) => boolean;
}

type Result<Verb extends InstanceVerb> =
  | { readonly ok: true; readonly document: Answer<Verb> }
  | { readonly ok: false; readonly instance: string; readonly error: RefusedRequest };

/** Fewer than the connections that the agent accepts, so that `status` still works. */
const CONCURRENT_MAX = 40;

const USAGE = { exitCode: EXIT.usage, code: 'vrrp-agent.usage' };

/** If instances fail in different ways, the exit status is the first of these that occurred. */
const PRECEDENCE: readonly ExitCode[] = [EXIT.failed, EXIT.usage, EXIT.refused, EXIT.notReached];

/** The named instances without duplicates, or all if none are named; empty if a name is unknown. */
export async function selectedInstances(
  context: CliContext,
  client: ControlClient,
  names: readonly string[],
): Promise<readonly string[]> {
  const known = (await client.status()).instances.map(({ name }) => name);
  if (names.length === 0) return known;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return [...new Set(names)];
  context.stderr(`vrrp-agent: ${unknownInstances(unknown, known)}\n`);
  context.setExitCode(EXIT.usage);
  return [];
}

export function unknownInstances(unknown: readonly string[], known: readonly string[]): string {
  return `no instance is named ${unknown.join(', ')}; the agent has: ${known.join(', ')}`;
}

/** Runs the operation on all instances concurrently; a failure does not stop the others. */
export async function operate<Verb extends InstanceVerb>(
  context: CliContext,
  client: ControlClient,
  instances: readonly string[],
  operation: Operation<Verb>,
): Promise<void> {
  const results: Result<Verb>[] = [];
  const waiting = instances.entries();
  const worker = async () => {
    for (const [position, instance] of waiting) {
      results[position] = await ask(client, instance, operation);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_MAX }, worker));
  if (operation.json) {
    const document = { instances: results.map(documentOf) };
    context.stdout(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    for (const result of results) print(context, result, operation);
  }
  const codes = results.map((result) => exitCodeOf(result, operation));
  const code = PRECEDENCE.find((one) => codes.includes(one));
  if (code !== undefined) context.setExitCode(code);
}

async function ask<Verb extends InstanceVerb>(
  client: ControlClient,
  instance: string,
  { verb, request }: Operation<Verb>,
): Promise<Result<Verb>> {
  try {
    return { ok: true, document: await client.operate(instance, verb, request) };
  } catch (error) {
    if (error instanceof RefusedRequest) return { ok: false, instance, error };
    throw error;
  }
}

function documentOf<Verb extends InstanceVerb>(
  result: Result<Verb>,
): Answer<Verb> | ({ readonly instance: string } & ErrorDocument) {
  if (result.ok) return result.document;
  const { code, message } = result.error;
  return { instance: result.instance, error: { code, message } };
}

function print<Verb extends InstanceVerb>(
  context: CliContext,
  result: Result<Verb>,
  { render }: Operation<Verb>,
): void {
  if (!result.ok) {
    context.stderr(`vrrp-agent: ${result.instance}: ${printable(result.error.message)}\n`);
    return;
  }
  const { document } = result;
  context.stdout(`${printable(render(document))}\n`);
  for (const warning of document.warnings) {
    context.stderr(`vrrp-agent: ${document.instance}: ${printable(warning)}\n`);
  }
}

function exitCodeOf<Verb extends InstanceVerb>(
  result: Result<Verb>,
  { isFailure }: Operation<Verb>,
): ExitCode {
  if (result.ok) return isFailure(result.document) ? EXIT.failed : EXIT.done;
  const { status, code } = result.error;
  if (code === 'no-successor' || code === 'no-master') return EXIT.notReached;
  if (status === 409) return EXIT.refused;
  return status === 400 || status === 404 ? EXIT.usage : EXIT.failed;
}

/** The user that root acts for (sudo(8)). */
export function requester(): { readonly requested_by?: string } {
  const user = process.env['SUDO_USER'];
  return user === undefined || user === '' ? {} : { requested_by: user };
}

/** Milliseconds that the agent may take to respond: the wait of the request and a margin. */
export function timeoutFor(wait: string): number {
  return (parseDuration(wait) ?? 0) / 1_000 + 20_000;
}

/** Rejects an invalid duration before any request; the agent parses the text itself. */
export function durationOption(command: Command, name: string, value: string): string {
  if (parseDuration(value) !== undefined) return value;
  return command.error(`error: ${name} must be a duration such as 10s or 2m`, USAGE);
}

export function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`, USAGE);
}
