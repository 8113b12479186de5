/** Converts the text of a configuration file to settings, or to the list of all its errors. */
import { failure, type Result, success } from '../net/result.ts';
import { type ConfiguredCommand, type Finding, Findings, inOrder } from './finding.ts';
import type { HostFacts } from './host-facts.ts';
import { type Lowered, lower } from './lower/lower.ts';
import { checkShape } from './schema/shape.ts';
import { readDocument } from './text/document.ts';
import { withRealNames } from './text/link-names.ts';

export interface LoadedConfig extends Lowered {
  /** Valid settings that are probably not intended. */
  readonly warnings: readonly Finding[];
  /** Commands of notifications, tracked scripts and health checks, with their positions. */
  readonly commands: readonly ConfiguredCommand[];
}

export interface LoadOptions extends HostFacts {
  /** Name of this router if the file has no `router`. */
  readonly hostName: string;
}

/** Never throws. */
export function loadConfig(
  text: string,
  { hostName, realName = (name) => name, ...host }: LoadOptions,
): Result<LoadedConfig, readonly Finding[]> {
  const document = readDocument(text);
  // After a syntax error the parser guesses the values, so findings about them would mislead.
  if (document.findings.some(({ code }) => code === 'syntax')) {
    return failure(inOrder(document.findings));
  }
  const findings = new Findings(document.locate);
  const value = withRealNames(document.value, realName);
  const lowered = lower(checkShape(value, findings), hostName, findings, host);
  const errors = inOrder([...document.findings, ...findings.errors()]);
  if (errors.length > 0) return failure(errors);
  return success({ ...lowered, warnings: findings.warnings(), commands: findings.commands });
}
