import { type GrafanaTheme2, ThemeContext } from '@grafana/data';
import { locationService, LocationServiceProvider } from '@grafana/runtime';
import { Alert, GlobalStyles, PortalContainer } from '@grafana/ui';
import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { type Location, type Navigator, Router } from 'react-router-dom';
import type { Dashboard } from '../dashboard';
import { exposeScene } from '../debug';
import { problems } from '../problems';
import { dashboardScene } from '../scene/fromJson';
import { Semantics } from '../semantics';
import { type DashboardEntry, fetchDashboard, fetchDashboards, onRebuild, type ServerState } from '../server';
import type { Address } from './address';
import { DashboardLinks } from './DashboardLinks';
import { DashboardPage } from './DashboardPage';
import { Header } from './Header';
import { Index } from './Index';
import { BuildErrors } from './Problems';

/** What the definitions of one build hold. */
export interface Content {
  dashboards: DashboardEntry[];
  /** The one that the address names. */
  dashboard?: Dashboard;
  /** Those that its links by tags are looked up in. */
  others: Dashboard[];
  /** Why there is none. */
  failure?: string;
}

export async function fetchContent(uid: string | undefined): Promise<Content> {
  const dashboards = await fetchDashboards();
  if (uid === undefined) {
    return { dashboards, others: [] };
  }
  try {
    const dashboard = await fetchDashboard(uid);
    const isByTags = dashboard.links?.some(({ type }) => type === 'dashboards');
    const uids = isByTags ? dashboards.map((entry) => entry.uid) : [];
    return { dashboards, dashboard, others: await Promise.all(uids.map(fetchDashboard)) };
  } catch (error) {
    return { dashboards, others: [], failure: (error as Error).message };
  }
}

/** As far as it is used here; the package's own type of it is in none of its dependencies. */
interface History extends Navigator {
  location: Location;
  listen: (changed: () => void) => () => void;
}

/** Gives the address that variables and time range are written into to all that reads it. */
function LocationRouter({ children }: { children: ReactNode }) {
  const history = locationService.getHistory() as unknown as History;
  const location = useSyncExternalStore(
    (changed) => history.listen(changed),
    () => history.location
  );
  return (
    <LocationServiceProvider service={locationService}>
      <Router location={location} navigator={history}>
        {children}
      </Router>
    </LocationServiceProvider>
  );
}

/** The latest build: its state, and its content when it went well. */
function useBuild(first: ServerState, loaded: Content, uid: string | undefined) {
  const [state, setState] = useState(first);
  const [content, setContent] = useState(loaded);
  useEffect(
    () =>
      onRebuild((next) => {
        setState(next);
        if (!next.problems) {
          void fetchContent(uid).then(setContent);
        }
      }),
    [uid]
  );
  return { state, content };
}

interface Properties {
  address: Address;
  first: ServerState;
  loaded: Content;
  theme: GrafanaTheme2;
}

export function App({ address, first, loaded, theme }: Properties) {
  const { uid, kiosk, expand } = address;
  const { state, content } = useBuild(first, loaded, uid);
  const { dashboard, dashboards, failure, others } = content;
  const scene = useMemo(() => {
    if (!dashboard) {
      problems.start(failure ? [{ kind: 'definition', where: '', reason: failure }] : []);
      return undefined;
    }
    const found = new Semantics(theme).check(dashboard);
    problems.start(found.map((finding) => ({ kind: 'definition', ...finding })));
    return dashboardScene(dashboard, { expand, still: kiosk });
  }, [dashboard, expand, failure, kiosk, theme]);

  useEffect(() => {
    exposeScene(scene);
  }, [scene]);

  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <LocationRouter>
        <Header dashboards={dashboards} kiosk={kiosk} state={state} uid={uid}>
          {scene && dashboard && <DashboardLinks dashboard={dashboard} others={others} scene={scene} />}
        </Header>
        {failure && <Alert title={failure} />}
        {scene && <DashboardPage key={scene.state.key} scene={scene} />}
        {uid === undefined && <Index dashboards={dashboards} />}
        {state.problems && <BuildErrors text={state.problems} />}
        <PortalContainer />
      </LocationRouter>
    </ThemeContext.Provider>
  );
}
