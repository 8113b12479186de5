/**
 * Environment variables in values: `${NAME}`, `${NAME:-default}`, and `$${` for the text `${`. They are
 * replaced in values that have been parsed, so their text cannot add keys or list entries.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

export type Expansion =
  | { readonly ok: true; readonly text: string }
  /** `name`: the variable that is not set; undefined: the reference is malformed. */
  | { readonly ok: false; readonly name: string | undefined };

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

/** An empty variable counts as set, unless the reference has a default, as in the shell. */
export function expandVariables(text: string, environment: Environment): Expansion {
  let failed: Extract<Expansion, { ok: false }> | undefined;
  const expanded = text.replaceAll(
    REFERENCE,
    (found: string, name: string | undefined, otherwise: string | undefined) => {
      if (found === '$${') return '${';
      const value = name === undefined ? undefined : environment[name];
      if (otherwise !== undefined) return value === undefined || value === '' ? otherwise : value;
      if (value === undefined) failed ??= { ok: false, name };
      return value ?? '';
    },
  );
  return failed ?? { ok: true, text: expanded };
}

/** The text in a value for which `expandVariables` returns the given one. */
export function escapeVariables(text: string): string {
  // A function, as `$$` in a replacement text is one dollar sign.
  return text.replaceAll('${', () => '$${');
}

const NULL = /^(~|null|Null|NULL)?$/;
const TRUE = /^(true|True|TRUE)$/;
const FALSE = /^(false|False|FALSE)$/;
const INTEGER = /^[-+]?[0-9]+$|^0o[0-7]+$|^0x[0-9a-fA-F]+$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** What YAML 1.2 reads in a plain (unquoted) scalar: the core schema, section 10.3.2. */
export function plainScalar(text: string): string | number | boolean | null {
  if (NULL.test(text)) return null;
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  return INTEGER.test(text) || FLOAT.test(text) ? Number(text) : text;
}
