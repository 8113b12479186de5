/** Text for terminals: colours, ages, and text from other sources without control characters. */

export interface Palette {
  readonly good: Paint;
  readonly bad: Paint;
  readonly notable: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
}

export type Paint = (text: string) => string;

export const plain: Paint = (text) => text;

/** Select Graphic Rendition (ECMA-48 section 8.3.117). */
const sgr =
  (code: number): Paint =>
  (text) =>
    `\u001b[${code}m${text}\u001b[0m`;

export const PLAIN: Palette = {
  good: plain,
  bad: plain,
  notable: plain,
  faint: plain,
  strong: plain,
};

const COLOURS: Palette = {
  good: sgr(32),
  bad: sgr(31),
  notable: sgr(33),
  faint: sgr(2),
  strong: sgr(1),
};

/** NO_COLOR applies if it is set and not empty (no-color.org). */
export function paletteFor(
  isTty: boolean,
  environment: { readonly [name: string]: string | undefined },
): Palette {
  return isTty && !environment['NO_COLOR'] ? COLOURS : PLAIN;
}

/** A name from another source must not move the cursor. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** Replaces the end of a text that is too long by `…`. */
export function fitted(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** The two largest units: `45s`, `12m05s`, `3h20m`, `17d06h`. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (count: number) => String(count).padStart(2, '0');
  if (days > 0) return `${days}d${two(hours % 24)}h`;
  if (hours > 0) return `${hours}h${two(minutes % 60)}m`;
  if (minutes > 0) return `${minutes}m${two(seconds % 60)}s`;
  return `${seconds}s`;
}
