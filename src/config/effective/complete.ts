/**
 * A value for every key of a mapping of the file, so that the compiler refuses a new key that has no
 * answer here; undefined leaves the key out.
 */
export type Complete<File> = { readonly [Key in keyof Required<File>]: File[Key] };

/** The mapping without the keys that are undefined. */
export function present<File extends object>(keys: Complete<File>): File {
  return Object.fromEntries(
    Object.entries(keys).filter(([, value]) => value !== undefined),
  ) as File;
}
