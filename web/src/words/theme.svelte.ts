/** Light, dark, or as the system says. */
export type Theme = 'system' | 'light' | 'dark';

const key = 'reprise.theme';

class Colours {
  theme: Theme = $state(read());

  /** Switches, and remembers the choice. */
  use(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') {
      localStorage.removeItem(key);
      delete document.documentElement.dataset['theme'];
    } else {
      localStorage.setItem(key, theme);
      document.documentElement.dataset['theme'] = theme;
    }
  }

  /** The one after this in the order system, light, dark. */
  next(): Theme {
    return this.theme === 'system' ? 'light' : this.theme === 'light' ? 'dark' : 'system';
  }
}

function read(): Theme {
  const stored = localStorage.getItem(key);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** The colours the pages are shown in. */
export const colours = new Colours();
