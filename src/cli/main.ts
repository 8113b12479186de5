#!/usr/bin/env -S node --no-parallel-scavenge --max-semi-space-size=2 --inspect-port=[fe80::1]:9229
/**
 * The process around the command line. Node accepts the options above only when it starts: a small young
 * generation saves 30 MB with 255 virtual routers, and a thread that scavenges alone does not wait for
 * helper threads, which have no real-time priority. Marking and sweeping keep their helpers: without
 * them the protocol thread would be late by milliseconds.
 * No debugger can be opened at that address (docs/adr/0006-no-debugger.md).
 */

// This is the first statement and nothing is imported before it: from here on, SIGUSR1 opens no
// debugger, even in a process that was started without the options above.
process.on('SIGUSR1', () => {});

/** Closes a debugger opened earlier, by SIGUSR1 or by `--inspect` in NODE_OPTIONS. */
async function closeDebugger(): Promise<void> {
  const inspector = await import('node:inspector');
  // Node opens the debugger in a later turn of the event loop than the signal.
  await new Promise(setImmediate);
  if (inspector.url() === undefined) return;
  inspector.close();
  process.stderr.write('vrrp-agent: a debugger was open and has been closed\n');
}

await closeDebugger();
const args = process.argv.slice(2);
// Scripts ask for it often: it needs no command.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { programVersion } = await import('../files/package-files.ts');
  process.stdout.write(`${programVersion()}\n`);
  process.exit();
}
const [{ COMMANDS }, { runProgram }] = await Promise.all([
  import('./commands.ts'),
  import('./program.ts'),
]);
// A signal that arrived just before the first statement has taken effect by now.
await closeDebugger();

const isDaemon = COMMANDS.some(({ name, isDaemon }) => isDaemon && args.includes(name));

// `vrrp-agent events | head` exits when head does, without an error message.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!isDaemon) process.exit();
});
// A closed stderr cannot be reported anywhere.
process.stderr.on('error', () => {});

await runProgram(args, {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  setExitCode: (code) => {
    process.exitCode = code;
  },
  isTty: process.stdout.isTTY === true,
  isErrorTty: process.stderr.isTTY === true,
});

// The agent has released and written everything. A notify command that hangs must not keep it running.
if (isDaemon) process.exit();
