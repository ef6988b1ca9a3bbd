/** The languages the pages speak. */
export type LanguageCode = 'en' | 'fr';

export const languageCodes: readonly LanguageCode[] = ['en', 'fr'];

/** The language to show: the reader's choice, else the first of the browser's that we speak, else English. */
export function chooseLanguage(chosen: string | null, browser: readonly string[]): LanguageCode {
  const spoken = (code: string) => languageCodes.find((known) => code.toLowerCase().split('-')[0] === known);
  const candidates = chosen === null ? browser : [chosen, ...browser];
  return candidates.map(spoken).find((code) => code !== undefined) ?? 'en';
}

/** The locale for dates: the browser's own region when it speaks that language (`en-GB`), else the language alone. */
export function chooseLocale(code: LanguageCode, browser: readonly string[]): string {
  return browser.find((tag) => tag.toLowerCase().split('-')[0] === code) ?? code;
}
