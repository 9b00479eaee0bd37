/** What the tests ask the browser, a line of JSON each, and what they get. */
import type { Problem } from '../src/problems';
import type { PanelReport } from '../src/scene/reports';

export type Request =
  /** Opens an address in a new window, which replaces the one before. */
  | { do: 'open'; url: string }
  /** Clicks on an element; what is then drawn anew is waited for. */
  | { do: 'click'; selector: string }
  /** Chooses an option, by its label, of the variable with this label. */
  | { do: 'choose'; variable: string; option: string }
  /** Follows a link that opens in this window or in another, which takes its place. */
  | { do: 'follow'; selector: string }
  /** The elements that match: their texts and where they link to. */
  | { do: 'find'; selector: string }
  | { do: 'evaluate'; expression: string }
  /** Opens an address so many times, and tells in which of them not all panels finished. */
  | { do: 'repeat'; url: string; times: number };

/** What a page shows once it is ready, or after long waiting. */
export interface PageReport {
  url: string;
  ready: boolean;
  panels: PanelReport[];
  problems: Problem[];
  /** Errors of the page and on its console, and requests that failed. */
  errors: string[];
}

export interface Found {
  text: string;
  href: string | null;
}
