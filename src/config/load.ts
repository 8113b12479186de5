/** The text of a configuration file as settings, or everything that is wrong with it. */
import { failure, type Result, success } from '../net/result.ts';
import { type ConfiguredCommand, type Finding, Findings, inOrder } from './finding.ts';
import { type Lowered, lower } from './lower/lower.ts';
import { checkShape } from './schema/shape.ts';
import { readDocument } from './text/document.ts';

export interface LoadedConfig extends Lowered {
  /** What can be used and still is probably not meant. */
  readonly warnings: readonly Finding[];
  /** Where they stand: of notifications and tracked scripts. */
  readonly commands: readonly ConfiguredCommand[];
}

export interface LoadOptions {
  /** Name of this router when the file gives none. */
  readonly hostName: string;
}

/** Never throws, whatever the text. */
export function loadConfig(
  text: string,
  { hostName }: LoadOptions,
): Result<LoadedConfig, readonly Finding[]> {
  const document = readDocument(text);
  // Values behind a syntax error are guesses of the parser: complaints about them mislead.
  if (document.findings.some(({ code }) => code === 'syntax')) {
    return failure(inOrder(document.findings));
  }
  const findings = new Findings(document.locate);
  const lowered = lower(checkShape(document.value, findings), hostName, findings);
  const errors = inOrder([...document.findings, ...findings.errors()]);
  if (errors.length > 0) return failure(errors);
  return success({ ...lowered, warnings: findings.warnings(), commands: findings.commands });
}
