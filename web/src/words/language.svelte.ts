import { chooseLanguage, chooseLocale, type LanguageCode } from './choose-language.ts';
import { en, type Words } from './en.ts';
import { fr } from './fr.ts';

const dictionaries: Record<LanguageCode, Words> = { en, fr };
const key = 'reprise.language';

class Language {
  code: LanguageCode = $state(chooseLanguage(localStorage.getItem(key), navigator.languages));

  get words(): Words {
    return dictionaries[this.code];
  }

  get locale(): string {
    return chooseLocale(this.code, navigator.languages);
  }

  /** Switches, and remembers the choice. */
  use(code: LanguageCode): void {
    this.code = code;
    localStorage.setItem(key, code);
  }
}

/** The language the pages are shown in. */
export const language = new Language();
