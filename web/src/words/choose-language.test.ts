import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLanguage, chooseLocale } from './choose-language.ts';
import { en } from './en.ts';
import { fr } from './fr.ts';

test('the reader’s choice wins, then the browser’s order, then English', () => {
  assert.equal(chooseLanguage('fr', ['en-GB']), 'fr');
  assert.equal(chooseLanguage(null, ['de-DE', 'fr-CA', 'en']), 'fr');
  assert.equal(chooseLanguage(null, ['de-DE']), 'en');
  assert.equal(chooseLanguage('xx', ['FR']), 'fr');
});

test('dates keep the browser’s region', () => {
  assert.equal(chooseLocale('en', ['fr-FR', 'en-GB']), 'en-GB');
  assert.equal(chooseLocale('fr', ['en-GB']), 'fr');
});

test('no word is left in the other language or empty', () => {
  const same = new Set(['live', 'permanent', 'pause', 'volume', 'position', 'replay']);
  const compare = (a: unknown, b: unknown, path: string): void => {
    if (typeof a === 'string') {
      assert.equal(typeof b, 'string', path);
      assert.notEqual(b, '', path);
      if (a === b) assert.ok(same.has(a.toLowerCase()), `${path}: “${a}” is not translated`);
    } else if (typeof a === 'object' && a !== null) {
      assert.deepEqual(Object.keys(b as object), Object.keys(a), path);
      for (const key of Object.keys(a))
        compare((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}.${key}`);
    }
  };
  compare(en, fr, 'words');
});
