import { expect, test } from 'vitest';
import { authorityOf, originOf, withoutUser } from '../../../src/net/url.ts';

test.each([
  ['https://hooks.example.net/services/T0/B0/secret', 'https://hooks.example.net'],
  ['http://user:secret@192.0.2.9:8080?key=secret#secret', 'http://192.0.2.9:8080'],
  ['https://user:se@cret@[2001:db8::9]/', 'https://[2001:db8::9]'],
  ['https://192.0.2.9', 'https://192.0.2.9'],
  ['https://192.0.2.9\\@secret/', 'https://192.0.2.9'],
])('FR-O10 of %s, scheme and host are shown', (url, shown) => {
  expect(originOf(url)).toBe(shown);
  expect(originOf(url)).not.toContain('secret');
  expect(authorityOf(url)).toBe(shown.replace(/^.*\/\//, ''));
});

test('FR-O10 user and password of a URL are masked, the rest stays', () => {
  expect(withoutUser('http://user:secret@h:80/path?a@b', '***')).toBe('http://***@h:80/path?a@b');
  expect(withoutUser('http://h:80/path?a@b', '***')).toBe('http://h:80/path?a@b');
});
