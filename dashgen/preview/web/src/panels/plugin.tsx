/** Makes panel plugins; Grafana's own are part of its core, and in no package. */
import {
  FieldColorModeId,
  identityOverrideProcessor,
  PanelPlugin,
  type PanelPluginMeta,
  type PanelProps,
  PluginType,
} from '@grafana/data';
import { type ComponentType, useEffect } from 'react';
import { markDrawn } from '../drawn';
import { fieldProperty } from '../grafana/registries';

/** Where a panel says nothing, Grafana takes these. */
export interface PluginDefaults<Options> {
  options: Options;
  /** Colour mode of its fields; none for a panel without fields. */
  color?: FieldColorModeId;
  /** Its own field properties, under `custom`. */
  custom?: Record<string, unknown>;
}

function meta(id: string, skipDataQuery: boolean): PanelPluginMeta {
  return {
    id,
    name: id,
    sort: 0,
    type: PluginType.panel,
    module: '',
    baseUrl: '',
    skipDataQuery,
    info: {
      author: { name: '' },
      description: '',
      links: [],
      logos: { small: '', large: '' },
      screenshots: [],
      updated: '',
      version: '',
    },
  };
}

/** A panel tells when what it shows is of the latest answer: only then is it finished. */
function finished<Options>(Component: ComponentType<PanelProps<Options>>) {
  return function FinishedPanel(props: PanelProps<Options>) {
    useEffect(() => {
      markDrawn(props.data);
    }, [props.data]);
    return <Component {...props} />;
  };
}

export function createPlugin<Options extends object>(
  id: string,
  component: ComponentType<PanelProps<Options>>,
  defaults: PluginDefaults<Options>
): PanelPlugin {
  const { color } = defaults;
  const plugin = new PanelPlugin<Options>(finished(component));
  plugin.meta = meta(id, color === undefined);
  plugin.setPanelOptions((builder) => {
    for (const [path, defaultValue] of Object.entries(defaults.options)) {
      builder.addCustomEditor({ id: path, path, name: path, editor: () => null, defaultValue: defaultValue as unknown });
    }
  });
  if (color !== undefined) {
    plugin.useFieldConfig({
      standardOptions: { color: { defaultValue: { mode: color } } },
      useCustomConfig: (builder) => {
        for (const [path, defaultValue] of Object.entries(defaults.custom ?? {})) {
          builder.addCustomEditor(fieldProperty(path, identityOverrideProcessor, defaultValue));
        }
      },
    });
  }
  return plugin;
}
