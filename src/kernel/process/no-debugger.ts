/**
 * Node opens its inspector on SIGUSR1, and any program that connects to it can run code as root. This
 * option names an address that no kernel binds: a link-local one without an interface (EINVAL). With it,
 * neither SIGUSR1 nor `--inspect` in `NODE_OPTIONS` opens the inspector, from the start of the process.
 * Not every Node 20 has `--disable-sigusr1`. See docs/adr/0006-no-debugger.md.
 */
export const NO_DEBUGGER = '--inspect-port=[fe80::1]:9229';

/** What Node is started with to run the agent. `src/cli/main.ts` has the same line, and says why. */
export const AGENT_OPTIONS = ['--no-parallel-scavenge', '--max-semi-space-size=2', NO_DEBUGGER];
