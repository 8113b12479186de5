#!/usr/bin/env -S node --no-parallel-scavenge --max-semi-space-size=2
/**
 * The process around the command line. What node is told above it takes at start only: a small young
 * generation is 30 MB less with 255 virtual routers; and a scavenge that its own thread does alone
 * does not wait for helpers which, unlike the protocol thread, have no real-time priority. Marking and
 * sweeping stay with the helpers: alone, they make the protocol thread late by milliseconds.
 */
import { COMMANDS } from './commands.ts';
import { runProgram } from './program.ts';

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
