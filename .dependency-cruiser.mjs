/**
 * Who may import whom: `npm run deps` (dependency-cruiser). Type-only imports count like any other. A
 * folder may import itself and what its row names; Node's own modules are for all but the pure folders.
 */

/** What modules outside the engine may import of it: the files at its root. */
const ENGINE = 'src/protocol/engine/[^/]+[.]ts$';

/** The API's documents and requests, without the client, the server and their socket. */
const API = 'src/control/(?!client|server|socket-file|lock-file|event-stream)';

/** Shared by all kernel interfaces; the other folders of `src/kernel` do not know each other. */
const KERNEL_COMMON = 'src/kernel/(ports[.]ts|ffi/|reactor/|netlink/|permissions/|process/|command/)';

/** What speaks to checked servers and to receivers of webhooks. */
const STRANGERS = 'probes/|etcd/|prober|probe-runner|run-pool|deliveries/(http-post|smtp)';

const MAY_IMPORT = {
  // Pure: no Node, no clock, no promise.
  'src/net': [],
  fsm: ['src/net/', 'xstate'],
  'src/wire': ['src/net/'],
  'src/protocol/engine': ['src/net/', 'src/wire/', 'fsm/'],
  'src/ipvs/plan': ['src/net/', 'src/wire/connections/'],
  'src/watch/segment': [
    ...['src/net/', 'src/wire/', 'fsm/vrrp/timing', ENGINE],
    'src/protocol/engine/router/intake[.]ts$',
  ],

  // The edges.
  'src/async': [],
  'src/files': [],
  'src/keys': ['src/wire/', ENGINE],
  'src/kernel': ['src/net/', 'src/wire/', 'src/async/', 'src/files/', 'koffi'],
  'src/ipvs/kernel': ['src/net/', 'src/wire/', 'src/async/', KERNEL_COMMON],
  'src/protocol/thread': [
    ...['src/net/', 'src/wire/', 'src/async/', 'src/keys/', 'src/protocol/engine/', 'src/kernel/'],
    'fsm/vrrp/timing',
  ],
  'src/checker': [
    ...['src/net/', 'src/async/', 'src/files/', 'src/kernel/', 'fsm/probe/', ENGINE],
    ...['src/config/notification-settings[.]ts$', 'src/observe/track-documents[.]ts$'],
    ...['src/ipvs/plan/server-weight[.]ts$', 'zod', 'nodemailer'],
  ],

  // Words: the file, the API, what is shown.
  'src/config': [
    ...['src/net/', 'fsm/vrrp/timing', 'src/protocol/engine/settings(-change)?[.]ts$', 'zod', 'yaml'],
    'src/ipvs/plan/(daemon-plan|server-weight)[.]ts$',
    'src/files/',
  ],
  'src/control': ['src/net/', 'src/async/', 'src/files/', ENGINE, 'src/config/duration[.]ts$', 'zod'],
  'src/history': ['src/net/', 'src/files/', ENGINE, API, 'src/lab/report/escape[.]ts$'],
  'src/observe': [
    ...['src/net/', 'src/wire/agentx/', 'src/async/', ENGINE, API, 'pino', 'prom-client'],
  ],

  // Features and programs.
  'src/ipvs': [
    ...['src/net/', 'src/wire/', 'src/async/', 'src/kernel/', 'src/checker/', ENGINE, API],
    ...['src/config/ipvs-settings[.]ts$', 'src/files/regular-file[.]ts$', 'src/observe/', 'pino', 'zod'],
  ],
  'src/daemon': [
    ...['src/net/', 'src/wire/', 'src/async/', 'src/kernel/', 'src/protocol/', 'src/checker/'],
    ...['src/files/', 'src/config/', 'src/control/', 'src/observe/', 'src/ipvs/', 'src/keys/', 'src/history/'],
    ...['fsm/vrrp/timing', 'pino', 'zod'],
  ],
  'src/watch': [
    ...['src/net/', 'src/wire/', 'src/kernel/(packet|reactor|rtnetlink)/'],
    'src/cli/terminal/',
  ],
  'src/import': ['src/net/', 'src/files/', 'src/config/', 'yaml'],
  'src/lab': [
    ...['src/net/', 'src/wire/', 'src/async/', 'src/files/', 'src/config/', 'src/control/', ENGINE],
    ...['src/kernel/(packet|ffi|scheduler|process|command)/', 'yaml', 'zod'],
  ],
  // What other programs import, and the command line too.
  'src/library': [
    ...['src/net/', 'src/wire/', 'src/config/finding[.]ts$', 'src/control/', 'src/lab/', ENGINE],
    'src/keys/',
    'src/protocol/engine/router/intake[.]ts$',
  ],
  'src/cli': [
    ...['src/net/', 'src/wire/', 'src/files/', 'src/keys/', 'src/config/', 'src/control/', 'src/import/'],
    ...['src/lab/', 'src/library/', 'src/history/'],
    ...['src/watch/', 'src/ipvs/plan/', 'fsm/vrrp/timing', 'commander'],
    ...[ENGINE, 'src/protocol/engine/router/intake[.]ts$'],
    // `run` starts the agent; `check` and `ipvs prepare` look at this host; `--version`.
    ...['src/daemon/(daemon|agent)[.]ts$', 'src/daemon/host/', 'src/daemon/listeners/control-access[.]ts$'],
    ...['src/protocol/thread/protocol-worker[.]ts$', 'src/ipvs/keep/(host|director)-facts[.]ts$'],
    'yaml',
  ],
};

const PURE = '^(fsm|src/(net|wire|protocol/engine|ipvs/plan|watch/segment))/';

const folders = Object.keys(MAY_IMPORT);

/** Of nested folders, the row of the inner one counts. */
function rowRule(folder) {
  const inner = folders.filter((one) => one.startsWith(`${folder}/`)).map((one) => `^${one}/`);
  const allowed = MAY_IMPORT[folder].map((one) =>
    /^(src|fsm)/.test(one) ? `^${one}` : `(^|/)node_modules/${one}/`,
  );
  return {
    name: `${folder} imports`,
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: inner },
    to: { pathNot: [`^${folder}/`, ...allowed], dependencyTypesNot: ['core'] },
  };
}

export default {
  forbidden: [
    ...folders.map(rowRule),
    {
      name: 'a folder without a row',
      severity: 'error',
      from: { path: '^src/', pathNot: folders.map((one) => `^${one}/`) },
      to: {},
    },
    {
      name: 'pure code has no Node',
      severity: 'error',
      from: { path: PURE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'kernel interfaces do not know each other',
      severity: 'error',
      from: { path: '^src/kernel/([^/]+)/' },
      to: { path: '^src/kernel/', pathNot: ['^src/kernel/$1/', `^${KERNEL_COMMON}`] },
    },
    {
      name: 'one folder calls the kernel',
      severity: 'error',
      from: { pathNot: '^src/kernel/ffi/' },
      to: { path: '(^|/)node_modules/koffi/' },
    },
    {
      name: 'the engine is used by its root',
      severity: 'error',
      from: {
        path: '^(src|fsm)/',
        pathNot: [
          '^src/protocol/engine/',
          // Decodes and judges packets as the engine does.
          '^src/watch/segment/',
          // Finds the password in a packet as the engine does.
          '^src/protocol/thread/recording/mask[.]ts$',
          '^src/library/(decode-packet|wire)[.]ts$',
          // Does what a dead engine cannot: priority 0, and removes its addresses.
          '^src/protocol/thread/emergency-release[.]ts$',
          // Finds VIPs in other places as the engine does, without one.
          '^src/daemon/host/links-here[.]ts$',
        ],
      },
      to: { path: '^src/protocol/engine/.+/' },
    },
    {
      name: 'what talks to strangers is loaded by the checker process only',
      severity: 'error',
      from: {
        path: '^(src|fsm)/',
        pathNot: `^src/checker/(process/|${STRANGERS})`,
      },
      to: { path: `^src/checker/(process/(?!arguments)|${STRANGERS})` },
    },
    {
      name: 'the program imports no test, bench or script',
      severity: 'error',
      from: { path: '^(src|fsm)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'found', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'the program needs no development package',
      severity: 'error',
      from: { path: '^(src|fsm)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
