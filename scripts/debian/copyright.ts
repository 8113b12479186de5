/** `debian/copyright` in its machine-readable form, with the licence of every npm package inside. */
import { licenseText, type NpmPackage } from './npm-package.ts';

const HEADER = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/';

/** Texts that every Debian has: their copies are not wanted. */
const COMMON: Readonly<Record<string, string>> = {
  'Apache-2.0': 'The text is in /usr/share/common-licenses/Apache-2.0.',
};

export function copyrightText(
  own: { readonly files: string; readonly holder: string; readonly license: string; text: string },
  packages: readonly NpmPackage[],
): string {
  const stanzas = [
    `${HEADER}\nUpstream-Name: vrrp-agent`,
    stanza(own.files, own.holder, own.license, own.text),
    ...packages.map((one) => {
      const text = COMMON[one.license] ?? licenseText(one);
      return stanza(
        commentedFiles(one),
        holderIn(licenseText(one), one.name),
        licenseName(one),
        text,
      );
    }),
  ];
  return `${stanzas.join('\n\n')}\n`;
}

function commentedFiles({ name, version }: NpmPackage): string {
  return `usr/lib/vrrp-agent/*\nComment: contains ${name} ${version}`;
}

/** A name of its own for each text: licences of the same name differ in their holders. */
function licenseName({ license, name }: NpmPackage): string {
  return `${license}-${name.replaceAll(/[@/]+/g, '-').replace(/^-/, '')}`;
}

function holderIn(text: string, name: string): string {
  const line = text.split('\n').find((one) => /^\s*copyright\b.*\d{4}/i.test(one));
  return line?.trim() ?? `the authors of ${name}`;
}

function stanza(files: string, holder: string, license: string, text: string): string {
  return `Files: ${files}\nCopyright: ${holder}\nLicense: ${license}\n${indented(text)}`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');
}
