/** One request for each of many instances: who is meant, how it went, and what that exits with. */
import type { Command } from 'commander';
import { parseDuration } from '../config/duration.ts';
import type { ControlClient } from '../control/client.ts';
import { RefusedRequest } from '../control/control-error.ts';
import type { OperatorDocument } from '../control/operator-protocol.ts';
import type { ErrorDocument } from '../control/protocol.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './render/text.ts';

export interface Operation<Document extends OperatorDocument> {
  readonly verb: 'failover' | 'maintenance' | 'priority';
  readonly body: object;
  readonly json: boolean;
  /** One line without its end. */
  readonly render: (document: Document) => string;
  /** Answered, and yet not what was asked for. */
  readonly isFailure: (document: Document) => boolean;
}

type Result<Document> =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly instance: string; readonly error: RefusedRequest };

/** Fewer than the agent takes connections, so that `status` gets through meanwhile. */
const AT_ONCE = 40;

const USAGE = { exitCode: EXIT.usage, code: 'vrrp-agent.usage' };

/** What counts when several instances fail in different ways: the first of these. */
const GRAVITY: readonly ExitCode[] = [EXIT.failed, EXIT.usage, EXIT.refused, EXIT.notReached];

/** Every instance there is, or those named, each once; nothing where a name is unknown. */
export async function instancesMeant(
  context: CliContext,
  client: ControlClient,
  names: readonly string[],
): Promise<readonly string[]> {
  const known = (await client.status()).instances.map(({ name }) => name);
  if (names.length === 0) return known;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return [...new Set(names)];
  const there = known.join(', ');
  context.stderr(`vrrp-agent: no instance is named ${unknown.join(', ')}; there are: ${there}\n`);
  context.setExitCode(EXIT.usage);
  return [];
}

/** All at the same time; one that fails does not keep the others from being done. */
export async function operate<Document extends OperatorDocument>(
  context: CliContext,
  client: ControlClient,
  instances: readonly string[],
  operation: Operation<Document>,
): Promise<void> {
  const results: Result<Document>[] = [];
  const waiting = instances.entries();
  const worker = async () => {
    for (const [position, instance] of waiting) {
      results[position] = await ask(client, instance, operation);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (operation.json) {
    const document = { instances: results.map(documentOf) };
    context.stdout(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    for (const result of results) tell(context, result, operation);
  }
  const codes = results.map((result) => exitCodeOf(result, operation));
  const code = GRAVITY.find((one) => codes.includes(one));
  if (code !== undefined) context.setExitCode(code);
}

async function ask<Document extends OperatorDocument>(
  client: ControlClient,
  instance: string,
  { verb, body }: Operation<Document>,
): Promise<Result<Document>> {
  try {
    return { ok: true, document: await client.operate<Document>(instance, verb, body) };
  } catch (error) {
    if (error instanceof RefusedRequest) return { ok: false, instance, error };
    throw error;
  }
}

function documentOf<Document>(
  result: Result<Document>,
): Document | ({ readonly instance: string } & ErrorDocument) {
  if (result.ok) return result.document;
  const { code, message } = result.error;
  return { instance: result.instance, error: { code, message } };
}

function tell<Document extends OperatorDocument>(
  context: CliContext,
  result: Result<Document>,
  { render }: Operation<Document>,
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

function exitCodeOf<Document extends OperatorDocument>(
  result: Result<Document>,
  { isFailure }: Operation<Document>,
): ExitCode {
  if (result.ok) return isFailure(result.document) ? EXIT.failed : EXIT.done;
  const { status, code } = result.error;
  if (code === 'no-successor' || code === 'no-master') return EXIT.notReached;
  if (status === 409) return EXIT.refused;
  return status === 400 || status === 404 ? EXIT.usage : EXIT.failed;
}

/** The person in front of it, where root acts for somebody else (sudo(8)). */
export function requester(): { readonly requested_by?: string } {
  const user = process.env['SUDO_USER'];
  return user === undefined || user === '' ? {} : { requested_by: user };
}

/** How long the agent may take to answer: as long as it is told to wait, and then some. */
export function patienceFor(wait: string): number {
  return (parseDuration(wait) ?? 0) / 1_000 + 20_000;
}

/** Checks a duration before anything is asked; the agent gets the text. */
export function durationOption(command: Command, name: string, value: string): string {
  if (parseDuration(value) !== undefined) return value;
  return command.error(`error: ${name} is a duration such as 10s or 2m`, USAGE);
}

export function usageError(command: Command, message: string): never {
  return command.error(`error: ${message}`, USAGE);
}
