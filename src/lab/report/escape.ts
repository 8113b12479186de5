/** Text that is no markup, for XML, HTML and SVG. */

/** What XML 1.0 has no place for is left out. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
    .replaceAll(/[\p{Cc}\u{fffe}\u{ffff}]/gu, ' ');
}
