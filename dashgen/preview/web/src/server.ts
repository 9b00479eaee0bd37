/** What the server of `dashgen preview` answers. */
import type { Dashboard } from './dashboard';

export interface DashboardEntry {
  uid: string;
  title: string;
  description?: string;
  file: string;
}

export interface ServerState {
  version: number;
  /** The address of Prometheus, without credentials. */
  prometheus: string;
  /** Whether the series are made up from the catalog. */
  sample: boolean;
  scrapeInterval: string;
  datasources: { uid: string; name: string }[];
  /** Errors of the last build, with file and line; empty when it went well. */
  problems: string;
}

async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(path);
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) {
    throw new Error(body.error ?? `${path}: ${response.status} ${response.statusText}`);
  }
  return body;
}

export const fetchDashboards = () => getJson<DashboardEntry[]>('/api/dashboards');
export const fetchDashboard = (uid: string) => getJson<Dashboard>(`/api/dashboards/${encodeURIComponent(uid)}`);
export const fetchState = () => getJson<ServerState>('/api/state');

/** Calls back at each rebuild of the definitions, whether it went well or not; returns how to stop. */
export function onRebuild(callback: (state: ServerState) => void): () => void {
  const events = new EventSource('/api/events');
  events.addEventListener('changed', (event: MessageEvent<string>) => {
    callback(JSON.parse(event.data) as ServerState);
  });
  return () => {
    events.close();
  };
}
