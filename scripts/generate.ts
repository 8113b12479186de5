/** Writes all generated files of the repository; `--check` only reports which are stale. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as architecture from './generators/architecture.ts';
import * as configReference from './generators/config-reference.ts';
import * as configSchema from './generators/config-schema.ts';
import * as eventsReference from './generators/events-reference.ts';
import * as fsmReadme from './generators/fsm-readme.ts';
import * as grafanaDashboard from './generators/grafana-dashboard.ts';
import * as judgementReadme from './generators/judgement-readme.ts';
import * as metricsReference from './generators/metrics-reference.ts';
import * as rfcMatrix from './generators/rfc-matrix.ts';
import * as scenarioSchema from './generators/scenario-schema.ts';
import * as witnessReadme from './generators/witness-readme.ts';

interface Generator {
  /** Relative to the root of the repository. */
  readonly path: string;
  generate(): string;
}

const GENERATORS: readonly Generator[] = [
  architecture,
  configSchema,
  configReference,
  metricsReference,
  eventsReference,
  fsmReadme,
  grafanaDashboard,
  judgementReadme,
  rfcMatrix,
  scenarioSchema,
  witnessReadme,
];

function currentText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const onlyCheck = process.argv.includes('--check');
for (const { path, generate } of GENERATORS) {
  const text = generate();
  if (currentText(path) === text) continue;
  console.log(`${onlyCheck ? 'stale' : 'written'}: ${path}`);
  if (onlyCheck) {
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
