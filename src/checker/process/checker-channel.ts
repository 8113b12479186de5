/** Connects the work of the checker process to the agent: lines of JSON on a socket, whose end ends both. */
import { Socket } from 'node:net';
import { effectiveCapabilities } from '../../kernel/process/privileges.ts';
import { LineReader } from '../channel/lines.ts';
import { DETAIL_MAX, type FromChecker, type ToChecker } from '../channel/messages.ts';
import { CHANNEL_FD } from './arguments.ts';
import { CheckerService } from './checker-service.ts';

/** The agent is trusted; this only bounds memory. */
const LINE_MAX = 16 * 1_024 * 1_024;

/** For commands that are told to end, before they are killed. */
const COMMANDS_MS = 700;

export function serve(): void {
  const channel = new Socket({ fd: CHANNEL_FD });
  const send = (message: FromChecker) => {
    channel.write(`${JSON.stringify(message)}\n`);
  };
  const onError = (error: unknown) => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    send({ kind: 'error', detail: detail.slice(0, DETAIL_MAX) });
  };
  const service = new CheckerService({ send, onError });
  const reader = new LineReader(LINE_MAX);
  channel.setEncoding('utf8');
  channel.on('data', (chunk: string) => {
    for (const line of reader.read(chunk)) service.receive(JSON.parse(line) as ToChecker);
  });
  channel.on('error', () => process.exit());
  channel.on('end', () => {
    const hasCommands = service.close();
    if (hasCommands) setTimeout(() => process.exit(), COMMANDS_MS);
    else process.exit();
  });
  send({ kind: 'ready', capabilities: effectiveCapabilities(), uid: process.getuid?.() ?? 0 });
}
