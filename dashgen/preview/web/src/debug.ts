/** What checks read of the page: `window.dashgenPreview`. */
import type { EmbeddedScene } from '@grafana/scenes';
import { type Problem, problems } from './problems';
import { isReady, type PanelReport, reportOf, visiblePanels } from './scene/reports';

export interface DebugSurface {
  readonly problems: readonly Problem[];
  panels: () => PanelReport[];
  /** Whether every panel that can be seen has finished. */
  ready: () => boolean;
}

declare global {
  interface Window {
    dashgenPreview?: DebugSurface;
  }
}

/** Without a scene, on the index, there is nothing to wait for. */
export function exposeScene(scene: EmbeddedScene | undefined): void {
  window.dashgenPreview = {
    get problems() {
      return problems.current();
    },
    panels: () => (scene ? visiblePanels(scene).map(reportOf) : []),
    ready: () => scene === undefined || isReady(scene),
  };
}
