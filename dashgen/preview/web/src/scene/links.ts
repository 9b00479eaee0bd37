/** The addresses behind a dashboard's links. */
import { textUtil } from '@grafana/data';
import { sceneGraph, type SceneObject } from '@grafana/scenes';
import type { Dashboard, DashboardLink } from '../dashboard';

export interface ResolvedLink {
  title: string;
  tooltip: string;
  url: string;
  targetBlank: boolean;
}

/** No address that runs a script. */
export const safeUrl = (url: string) => textUtil.sanitizeUrl(url);

function withState(url: string, { keepTime, includeVars }: DashboardLink): string {
  const parts = [keepTime ? '${__url_time_range}' : '', includeVars ? '${__all_variables}' : ''].filter(Boolean);
  return parts.length ? `${url}${url.includes('?') ? '&' : '?'}${parts.join('&')}` : url;
}

/** A link by tags leads to each other dashboard that has them all. */
function targetsOf(link: DashboardLink, dashboards: Dashboard[], own: string): { title: string; url: string }[] {
  if (link.type === 'link') {
    return [{ title: link.title, url: link.url ?? '' }];
  }
  const wanted = link.tags ?? [];
  return dashboards
    .filter(({ uid, tags = [] }) => uid !== own && wanted.every((tag) => tags.includes(tag)))
    .map(({ uid, title }) => ({ title, url: `/d/${uid}` }));
}

/** `others` are the dashboards that links by tags are looked up in. */
export function resolveLinks(dashboard: Dashboard, others: Dashboard[], scene: SceneObject): ResolvedLink[] {
  return (dashboard.links ?? []).flatMap((link) =>
    targetsOf(link, others, dashboard.uid).map(({ title, url }) => ({
      title: sceneGraph.interpolate(scene, title, undefined, 'text'),
      tooltip: link.tooltip ?? '',
      url: safeUrl(sceneGraph.interpolate(scene, withState(url, link))),
      targetBlank: link.targetBlank ?? false,
    }))
  );
}
