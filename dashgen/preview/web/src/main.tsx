import './styles.css';
import { initPluginTranslations } from '@grafana/i18n';
import { createRoot } from 'react-dom/client';
import { installServices } from './grafana/services';
import { readAddress } from './page/address';
import { App, fetchContent } from './page/App';
import { fetchState } from './server';

/** Widths of texts are measured before they are drawn: the fonts must be there. */
async function loadFonts(): Promise<void> {
  await Promise.all(['400 14px Inter', '500 14px Inter'].map((font) => document.fonts.load(font)));
}

async function main(root: HTMLElement): Promise<void> {
  const address = readAddress(location, sessionStorage);
  const [state, content] = await Promise.all([
    fetchState(),
    fetchContent(address.uid),
    loadFonts(),
    initPluginTranslations('grafana', []),
  ]);
  const theme = installServices(state, address.theme);
  document.title = `${content.dashboard?.title ?? 'Dashboards'} - preview`;
  createRoot(root).render(<App address={address} first={state} loaded={content} theme={theme} />);
}

const root = document.getElementById('root');
if (root) {
  main(root).catch((error: unknown) => {
    root.textContent = `The preview could not start: ${error instanceof Error ? error.message : String(error)}`;
  });
}
