/** The services that Grafana's packages expect of Grafana's core. */
import { createTheme, EventBusSrv, type GrafanaConfig, type GrafanaTheme2, locationUtil } from '@grafana/data';
import {
  type BackendSrv,
  config,
  setAppEvents,
  setBackendSrv,
  setDataSourceSrv,
  setPluginImportUtils,
  setRunRequest,
  setTemplateSrv,
  type TemplateSrv,
} from '@grafana/runtime';
import { sceneGraph, type SceneObject } from '@grafana/scenes';
import { panelPlugins } from '../panels';
import type { ServerState } from '../server';
import { Datasources } from './datasources';
import { fillRegistries } from './registries';
import { runRequest } from './requests';

type Replaceable = Parameters<typeof sceneGraph.interpolate>[3];

/** The scene that variables outside of any panel are looked up in. */
declare global {
  interface Window {
    __grafanaSceneContext?: SceneObject;
    __grafana_public_path__?: string;
  }
}

const templates: TemplateSrv = {
  getVariables: () => [],
  updateTimeRange: () => undefined,
  containsTemplate: (text) => /\$\w|\$\{|\[\[/.test(text ?? ''),
  replace: (text = '', scopedVars, format) => {
    const scene = window.__grafanaSceneContext;
    return scene ? sceneGraph.interpolate(scene, text, scopedVars, format as Replaceable) : text;
  },
};

function refuse(): never {
  throw new Error('The preview has no Grafana server behind it');
}

const backend: BackendSrv = {
  get: refuse,
  delete: refuse,
  post: refuse,
  patch: refuse,
  put: refuse,
  request: refuse,
  datasourceRequest: refuse,
  fetch: refuse,
  chunked: refuse,
};

export function installServices(state: ServerState, mode: 'light' | 'dark'): GrafanaTheme2 {
  const theme = createTheme({ colors: { mode } });
  config.theme2 = theme;
  setBackendSrv(backend);
  setAppEvents(new EventBusSrv());
  setTemplateSrv(templates);
  setDataSourceSrv(new Datasources(state));
  setRunRequest(runRequest);
  setPluginImportUtils({
    getPanelPluginFromCache: (id) => panelPlugins.get(id),
    importPanelPlugin: (id) => {
      const plugin = panelPlugins.get(id);
      return plugin ? Promise.resolve(plugin) : Promise.reject(new Error(`The preview can't draw panels of type ${id}`));
    },
  });
  locationUtil.initialize({
    config: config as unknown as GrafanaConfig,
    getVariablesUrlParams: () => ({}),
    getTimeRangeForUrl: () => ({ from: '', to: '' }),
  });
  fillRegistries();
  return theme;
}
