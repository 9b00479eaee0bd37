import type { EmbeddedScene } from '@grafana/scenes';
import { Icon } from '@grafana/ui';
import { useLocation } from 'react-router-dom';
import type { Dashboard } from '../dashboard';
import { resolveLinks } from '../scene/links';
import type { DashboardEntry } from '../server';

interface Properties {
  dashboard: Dashboard;
  dashboards: DashboardEntry[];
  scene: EmbeddedScene;
}

/** They carry the variables and the time range that are chosen, which the page's address follows. */
export function DashboardLinks({ dashboard, dashboards, scene }: Properties) {
  useLocation();
  return resolveLinks(dashboard, dashboards, scene).map(({ title, tooltip, url, targetBlank }) => (
    <a href={url} key={`${title} ${url}`} rel="noreferrer" target={targetBlank ? '_blank' : undefined} title={tooltip}>
      <Icon name="link" size="sm" /> {title}
    </a>
  ));
}
