/** The test suites: what each runs, and beside what. */
import { NEWEST_LTS } from './node-versions.ts';

export interface Suite {
  readonly name: string;
  /** Undefined: the suite consists of vitest projects. */
  readonly command?: readonly [string, ...string[]];
  /** Undefined: one project of the same name. */
  readonly projects?: readonly string[];
  /** Only these files. */
  readonly files?: readonly string[];
  /** All but these files. */
  readonly without?: readonly string[];
  /** The release of Node.js that runs the suite. */
  readonly node?: string;
  /** Fails below a branch threshold of vitest.config.ts. */
  readonly measuresCoverage?: true;
  /** It may run beside the suites before and after it that say the same. */
  readonly company?: Company;
  /** Runs only if named: it is part of another suite, or takes long. */
  readonly onRequest?: true;
  /** Time limit in seconds for a run in the virtual machine of `scripts/ipvs-vm`. */
  readonly inMachine?: number;
}

/**
 * `timeless` suites judge no time. `patient` ones do, but play one story at a time, and wait for timers of
 * the protocol most of it: half of a processor is enough for them.
 */
type Company = 'timeless' | 'patient';

/** What another release of Node.js may break: the language, and the calls of the kernel by koffi. */
const PORTABLE = { projects: ['unit', 'conformance', 'kernel'], company: 'timeless' } as const;

/** These need all processors: many labs at a time, or agents that have to start fast. */
const LAB_ALONE = ['test/lab/defence.test.ts', 'test/lab/resume.test.ts'] as const;

/** Add no file with concurrent tests, or with a limit of a few milliseconds. */
const INTEROP_PATIENT = [
  'test/interop/accept-mode.test.ts',
  'test/interop/bfd.test.ts',
  'test/interop/checker.test.ts',
  'test/interop/debugger.test.ts',
  'test/interop/fragments.test.ts',
  'test/interop/frr.test.ts',
  'test/interop/hmac.test.ts',
  'test/interop/import-oracle.test.ts',
  'test/interop/import.test.ts',
  'test/interop/ipv6-dialects.test.ts',
  'test/interop/ipv6.test.ts',
  'test/interop/keepalived.test.ts',
  'test/interop/mail.test.ts',
  'test/interop/prometheus/dashboard.test.ts',
  'test/interop/prometheus/rules.test.ts',
  'test/interop/secrets.test.ts',
  'test/interop/snmp.test.ts',
  'test/interop/tracking.test.ts',
  'test/interop/unicast-return.test.ts',
  'test/interop/virtual-mac.test.ts',
  'test/interop/watch.test.ts',
] as const;

export const SUITES: readonly Suite[] = [
  { name: 'lint', command: ['npx', 'biome', 'ci', '.'], company: 'timeless' },
  { name: 'deps', command: ['npm', 'run', '--silent', 'deps'], company: 'timeless' },
  { name: 'unused', command: ['npm', 'run', '--silent', 'unused'], company: 'timeless' },
  { name: 'build', command: ['npx', 'tsc', '-b'], company: 'timeless' },
  { name: 'coverage', projects: ['unit', 'conformance', 'sim'], measuresCoverage: true },
  { name: 'unit', onRequest: true },
  { name: 'conformance', onRequest: true },
  { name: 'sim', onRequest: true },
  {
    name: 'mutants',
    command: ['node', 'dist/scripts/mutants.js', '--changed', 'branch', '--minutes', '3'],
    company: 'timeless',
  },
  {
    name: 'fuzz',
    command: ['node', 'dist/scripts/fuzz.js', '--seconds', '60'],
    company: 'timeless',
  },
  { name: 'package', company: 'timeless' },
  { name: 'node-24', node: '24.22.3', ...PORTABLE },
  { name: 'node-26', node: NEWEST_LTS, ...PORTABLE },
  // Its tests give a process a second and a half to start.
  { name: 'kernel' },
  { name: 'lab', without: LAB_ALONE, company: 'patient' },
  {
    name: 'interop-patient',
    ...{ projects: ['interop'], files: INTEROP_PATIENT, node: NEWEST_LTS, company: 'patient' },
  },
  { name: 'lab-alone', projects: ['lab'], files: LAB_ALONE },
  { name: 'interop', without: INTEROP_PATIENT, node: NEWEST_LTS },
  // Needs a quiet host: it demands that no probe is lost.
  { name: 'machine', onRequest: true },
  // Boots two machines in software emulation, which takes minutes.
  { name: 'director-vm', onRequest: true },
  { name: 'ipvs-vm', inMachine: 1_400 },
];

/** `lab` selects `lab-alone` too. Without names: all suites but those on request. */
export function suitesNamed(names: readonly string[]): Suite[] {
  return SUITES.filter(({ name, onRequest }) =>
    names.length === 0
      ? onRequest !== true
      : names.some((one) => name === one || name.startsWith(`${one}-`)),
  );
}

/** Suites without company run alone; each group of others shares the processors. */
export function batchesOf(suites: readonly Suite[]): Suite[][] {
  const batches: Suite[][] = [];
  for (const suite of suites) {
    const last = batches.at(-1);
    if (suite.company !== undefined && last?.[0]?.company === suite.company) last.push(suite);
    else batches.push([suite]);
  }
  return batches;
}
