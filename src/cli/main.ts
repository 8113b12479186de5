#!/usr/bin/env -S node --no-parallel-scavenge --max-semi-space-size=2 --inspect-port=[fe80::1]:9229
/**
 * The process around the command line. What node is told above it takes at start only: a small young
 * generation is 30 MB less with 255 virtual routers; and a scavenge that its own thread does alone
 * does not wait for helpers which, unlike the protocol thread, have no real-time priority. Marking and
 * sweeping stay with the helpers: alone, they make the protocol thread late by milliseconds.
 * No debugger can be opened at that address (docs/adr/0006-no-debugger.md).
 */

// The first statement, and nothing is imported before it: from here on, SIGUSR1 opens no debugger in a
// process that was started without the options above either.
process.on('SIGUSR1', () => {});

/** Closes what was opened before that: by SIGUSR1, or by `--inspect` in NODE_OPTIONS. */
async function closeDebugger(): Promise<void> {
  const inspector = await import('node:inspector');
  // Node opens it in a turn of the event loop after the signal.
  await new Promise(setImmediate);
  if (inspector.url() === undefined) return;
  inspector.close();
  process.stderr.write('vrrp-agent: a debugger was open and has been closed\n');
}

await closeDebugger();
const [{ COMMANDS }, { runProgram }] = await Promise.all([
  import('./commands.ts'),
  import('./program.ts'),
]);
// A signal that came just before the first statement has had its effect by now.
await closeDebugger();

const args = process.argv.slice(2);
const isDaemon = COMMANDS.some(({ name, isDaemon }) => isDaemon && args.includes(name));

// `vrrp-agent events | head` ends when head does, without a complaint.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!isDaemon) process.exit();
});
// Nowhere is left to say that this one is closed.
process.stderr.on('error', () => {});

await runProgram(args, {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  setExitCode: (code) => {
    process.exitCode = code;
  },
  isTty: process.stdout.isTTY === true,
});

// All is let go and written. A command that does not end must not keep the agent from ending.
if (isDaemon) process.exit();
