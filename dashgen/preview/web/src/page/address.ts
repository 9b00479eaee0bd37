/** What the page's address says. */

export interface Address {
  /** The dashboard's; none on the index. */
  uid?: string;
  theme: 'light' | 'dark';
  /** Opens all collapsed rows. */
  expand: boolean;
  /** Leaves out what is only for navigating, for pictures. */
  kiosk: boolean;
}

const THEME = 'dashgen-preview-theme';

export function readAddress({ pathname, search }: Location, storage: Storage): Address {
  const parameters = new URLSearchParams(search);
  const asked = parameters.get('theme');
  if (asked) {
    storage.setItem(THEME, asked); // a link between dashboards does not carry it
  }
  const [, section, uid] = pathname.split('/');
  return {
    ...(section === 'd' && uid ? { uid: decodeURIComponent(uid) } : {}),
    theme: storage.getItem(THEME) === 'light' ? 'light' : 'dark',
    expand: parameters.has('expand'),
    kiosk: parameters.has('kiosk'),
  };
}
