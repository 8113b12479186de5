/** What operators ask of a running router, and what they are answered. JSON-serialisable. */

export type OperatorRequest =
  /** In place of the configured priority; null: the configured one counts again. */
  { readonly type: 'priority'; readonly priority: number | null };

export type OperatorAnswer =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'refused'; readonly code: RefusalCode; readonly message: string };

export type RefusalCode =
  | 'unknown-instance'
  /** An address owner does not do that (RFC 9568 section 5.2.4). */
  | 'owner';
