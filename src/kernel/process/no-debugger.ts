/**
 * Node opens its inspector on SIGUSR1, and whoever connects to it runs code as root. This option
 * names an address that no kernel binds: a link-local one without an interface (EINVAL). With it,
 * neither SIGUSR1 nor `--inspect` in `NODE_OPTIONS` opens anything, from the first moment of the
 * process. `--disable-sigusr1` is not in every Node 20. See docs/adr/0006-no-debugger.md.
 */
export const NO_DEBUGGER = '--inspect-port=[fe80::1]:9229';
