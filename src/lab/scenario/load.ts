/** Reads a scenario file: the scenario, or all errors in the file. */

import { type Finding, Findings, formatFinding, inOrder } from '../../config/finding.ts';
import { readText } from '../../config/read-text.ts';
import { checkAgainst } from '../../config/schema/shape-report.ts';
import { readDocument } from '../../config/text/document.ts';
import { failure, type Result, success } from '../../net/result.ts';
import { lowerScenario } from './lower.ts';
import type { Scenario } from './scenario.ts';
import { scenarioFile } from './schema.ts';

/** A scenario has errors; the message lists them all, one a line. */
export class ScenarioRefused extends Error {
  override readonly name = 'ScenarioRefused';
  readonly findings: readonly Finding[];

  constructor(name: string, findings: readonly Finding[]) {
    super(findings.map((one) => formatFinding(name, one)).join('\n'));
    this.findings = findings;
  }
}

/** For tests. `name` stands before the line of each error. Throws `ScenarioRefused`. */
export function scenarioFrom(text: string, name = 'scenario'): Scenario {
  const loaded = loadScenario(text);
  if (loaded.ok) return loaded.value;
  throw new ScenarioRefused(name, loaded.error);
}

/** Never throws. */
export function loadScenario(text: string): Result<Scenario, readonly Finding[]> {
  const document = readDocument(text);
  // After a syntax error the parser guesses values: findings about them mislead.
  if (document.findings.some(({ code }) => code === 'syntax')) {
    return failure(inOrder(document.findings));
  }
  const findings = new Findings(document.locate);
  const shaped = checkAgainst(scenarioFile, document.value, findings);
  const scenario = shaped.fits ? lowerScenario(shaped.value, findings) : undefined;
  const errors = inOrder([...document.findings, ...findings.errors()]);
  return scenario === undefined || errors.length > 0 ? failure(errors) : success(scenario);
}

export function loadScenarioFile(file: string): Result<Scenario, readonly Finding[]> {
  const text = readText(file);
  return text.ok ? loadScenario(text.value) : text;
}
