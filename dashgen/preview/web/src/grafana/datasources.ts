/** The list of data sources that Grafana would have: the preview's Prometheus under each of its names. */
import { type DataSourceApi, type DataSourceInstanceSettings, type DataSourceRef, PluginType } from '@grafana/data';
import { type DataSourceSrv, getTemplateSrv } from '@grafana/runtime';
import type { ScopedVars } from '@grafana/data';
import { PrometheusDatasource } from '../prometheus/datasource';
import type { ServerState } from '../server';

type Reference = DataSourceRef | string | null | undefined;

const GRAFANA_OWN = '-- Grafana --';

function settingsOf({ uid, name }: { uid: string; name: string }): DataSourceInstanceSettings {
  return {
    id: 1,
    uid,
    name,
    type: 'prometheus',
    url: '/prometheus',
    access: 'proxy',
    readOnly: true,
    jsonData: {},
    meta: {
      id: 'prometheus',
      name: 'Prometheus',
      type: PluginType.datasource,
      module: '',
      baseUrl: '',
      info: {
        author: { name: '' },
        description: '',
        links: [],
        logos: { small: '', large: '' },
        screenshots: [],
        updated: '',
        version: '',
      },
    },
  };
}

/** Looks data sources up by uid or name, after variables in the reference are replaced. */
export class Datasources implements DataSourceSrv {
  private readonly settings: DataSourceInstanceSettings[];
  private readonly instances = new Map<string, DataSourceApi>();

  constructor(state: ServerState) {
    this.settings = state.datasources.map(settingsOf);
    for (const settings of this.settings) {
      const datasource = new PrometheusDatasource(settings, state.scrapeInterval);
      datasource.meta = settings.meta;
      this.instances.set(settings.uid, datasource);
    }
  }

  get(reference?: Reference, scopedVars?: ScopedVars): Promise<DataSourceApi> {
    const settings = this.getInstanceSettings(reference, scopedVars);
    const found = settings && this.instances.get(settings.uid);
    if (!found) {
      const known = this.settings.map(({ uid }) => uid).join(', ');
      return Promise.reject(new Error(`Data source ${name(reference)} was not found; there is: ${known}`));
    }
    return Promise.resolve(found);
  }

  getInstanceSettings(reference?: Reference, scopedVars?: ScopedVars): DataSourceInstanceSettings | undefined {
    const uid = typeof reference === 'string' ? reference : reference?.uid;
    if (!uid || uid === 'default' || uid === GRAFANA_OWN) {
      return this.settings[0];
    }
    const wanted = getTemplateSrv().replace(uid, scopedVars);
    return this.settings.find((settings) => settings.uid === wanted || settings.name === wanted);
  }

  getList(): DataSourceInstanceSettings[] {
    return this.settings;
  }

  reload(): Promise<void> {
    return Promise.resolve();
  }

  registerRuntimeDataSource(): void {
    throw new Error('The preview has no data sources of its own beside Prometheus');
  }
}

function name(reference: Reference): string {
  const uid = typeof reference === 'string' ? reference : reference?.uid;
  return JSON.stringify(getTemplateSrv().replace(uid ?? ''));
}
