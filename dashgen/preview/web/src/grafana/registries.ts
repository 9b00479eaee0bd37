/** Grafana's core fills these registries at its start; the packages bring what goes into them, but not the filling. */
import {
  booleanOverrideProcessor,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  type FieldConfigPropertyItem,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  type TransformerRegistryItem,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';

type Process = FieldConfigPropertyItem['process'];

const PROCESSORS: Record<string, Process> = {
  actions: identityOverrideProcessor,
  color: identityOverrideProcessor,
  decimals: numberOverrideProcessor,
  description: stringOverrideProcessor,
  displayName: displayNameOverrideProcessor,
  fieldMinMax: booleanOverrideProcessor,
  filterable: booleanOverrideProcessor,
  links: dataLinksOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  max: numberOverrideProcessor,
  min: numberOverrideProcessor,
  noValue: stringOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  unit: unitOverrideProcessor,
};

/** What Grafana takes where a panel says nothing. */
const DEFAULTS: Record<string, unknown> = {
  mappings: [],
  thresholds: {
    mode: 'absolute',
    steps: [
      { value: -Infinity, color: 'green' },
      { value: 80, color: 'red' },
    ],
  },
};

/** The properties of a field that all panels know. */
export const STANDARD_PROPERTIES = Object.keys(PROCESSORS);

const noEditor = () => null;

export function fieldProperty(path: string, process: Process, defaultValue: unknown): FieldConfigPropertyItem {
  return {
    id: path,
    path,
    name: path,
    defaultValue,
    editor: noEditor,
    override: noEditor,
    process,
    shouldApply: () => true,
    settings: {},
  };
}

/** Two of the packages' transformers have the same id. */
export function transformers(): TransformerRegistryItem[] {
  const byId = new Map(Object.values(standardTransformers).map((transformer) => [transformer.id, transformer]));
  return [...byId.values()].map((transformer) => ({
    id: transformer.id,
    name: transformer.name,
    transformation: () => Promise.resolve(transformer),
    editor: noEditor,
    imageDark: '',
    imageLight: '',
  }));
}

export function fillRegistries(): void {
  standardTransformersRegistry.setInit(transformers);
  standardFieldConfigEditorRegistry.setInit(() =>
    Object.entries(PROCESSORS).map(([id, process]) => fieldProperty(id, process, DEFAULTS[id]))
  );
}
