/** Converts the text of a configuration file to settings, or to the list of all its errors. */
import { failure, type Result, success } from '../net/result.ts';
import {
  type ConfiguredCommand,
  type Finding,
  type FindingCode,
  Findings,
  inOrder,
  type Path,
} from './finding.ts';
import type { HostFacts } from './host-facts.ts';
import { type Lowered, lower } from './lower/lower.ts';
import { checkShape } from './schema/shape.ts';
import { type FileTree, readWithIncludes } from './text/include.ts';
import { withRealNames } from './text/link-names.ts';
import type { Environment } from './text/variables.ts';

export interface LoadedConfig extends Lowered {
  /** Valid settings that are probably not intended. */
  readonly warnings: readonly Finding[];
  /** Commands of notifications, tracked scripts and health checks, with their positions. */
  readonly commands: readonly ConfiguredCommand[];
  /** The files that the configuration includes. */
  readonly included: readonly string[];
}

export interface LoadOptions extends HostFacts {
  /** Name of this router if the file has no `router`. */
  readonly hostName: string;
  /** Variables that values may refer to; undefined: `${` has no meaning. */
  readonly environment?: Environment | undefined;
  /** Name of the file, and the tree that `include` refers to; undefined: it includes no files. */
  readonly place?: { readonly file: string; readonly tree: FileTree } | undefined;
}

export interface ValueError {
  readonly path: Path;
  readonly message: string;
}

/** The errors of a configuration that is not in a file yet, by path. Never throws. */
export function checkValue(value: unknown): readonly ValueError[] {
  const paths: Path[] = [];
  const findings = new Findings((path) => ({ line: paths.push(path), column: 1 }));
  lower(checkShape(value, findings), 'router', findings, {});
  return findings.errors().flatMap(({ line, message }) => {
    const path = paths[line - 1];
    return path === undefined ? [] : [{ path, message }];
  });
}

const INCOMPLETE: ReadonlySet<FindingCode> = new Set(['syntax', 'variable', 'unreadable']);

/** Never throws. */
export function loadConfig(
  text: string,
  { hostName, realName = (name) => name, environment, place, ...host }: LoadOptions,
): Result<LoadedConfig, readonly Finding[]> {
  const { file = '', tree } = place ?? {};
  const document = readWithIncludes(text, { file, tree, environment });
  // Values after a syntax error are guesses, and those of a missing variable or file are absent:
  // findings about them would mislead.
  if (document.findings.some(({ code }) => INCOMPLETE.has(code))) {
    return failure(inOrder(document.findings));
  }
  const findings = new Findings(document.locate);
  const value = withRealNames(document.value, realName);
  const lowered = lower(checkShape(value, findings), hostName, findings, host);
  const errors = inOrder([...document.findings, ...findings.errors()]);
  if (errors.length > 0) return failure(errors);
  const { commands } = findings;
  return success({ ...lowered, warnings: findings.warnings(), commands, included: document.files });
}
