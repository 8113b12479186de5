/**
 * `node checker-parent.mjs DIST PRIVILEGES [COMMAND]`: runs a checker process as the agent does, prints what
 * it says, and has it run a command. With a low OOM score, as under a service manager.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [dist, privileges, command] = process.argv.slice(2);
const { startCheckerChild } = await import(
  pathToFileURL(`${dist}/src/checker/supervisor/checker-child.js`).href
);
try {
  writeFileSync('/proc/self/oom_score_adj', '-500');
} catch {
  // Needs CAP_SYS_RESOURCE.
}
const script = pathToFileURL(`${dist}/src/checker/process/checker-process.js`);
const child = startCheckerChild(script)(JSON.parse(privileges), {
  message: (message) => {
    console.log(JSON.stringify({ ...message, pid: child.pid }));
    if (message.kind !== 'ready' || command === undefined) return;
    const argv = JSON.parse(command);
    const timing = { interval: 60_000_000, timeout: 60_000_000, rise: 1, fall: 1 };
    const settings = { kind: 'script', ...timing, ...argv };
    child.send({ kind: 'watch', id: 1, settings, spreadMs: 0 });
  },
  gone: (why) => console.log(JSON.stringify({ kind: 'gone', why })),
});
setInterval(() => child.look(), 100).unref();
process.on('SIGUSR2', () => child.kill());
process.stdin.on('end', () => child.end()).resume();
