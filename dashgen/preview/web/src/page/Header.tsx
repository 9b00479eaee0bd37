import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, Icon, IconButton, useStyles2, useTheme2 } from '@grafana/ui';
import { css } from '@emotion/css';
import type { ReactNode } from 'react';
import type { DashboardEntry, ServerState } from '../server';

interface Properties {
  dashboards: DashboardEntry[];
  state: ServerState;
  uid?: string;
  kiosk: boolean;
  children?: ReactNode;
}

const styles = (theme: GrafanaTheme2) => ({
  bar: css({
    alignItems: 'center',
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1, 2),
    minHeight: 40,
    padding: theme.spacing(0.5, 2),
  }),
  note: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  space: css({ flexGrow: 1 }),
  title: css({ fontSize: theme.typography.h4.fontSize, fontWeight: theme.typography.fontWeightMedium, margin: 0 }),
});

function open(uid: string) {
  location.assign(`/d/${encodeURIComponent(uid)}`);
}

function switchTheme(to: string) {
  const address = new URL(location.href);
  address.searchParams.set('theme', to);
  location.assign(address);
}

/** Where the series come from. */
function source({ prometheus, sample }: ServerState): string {
  return sample ? 'Sample series made from the catalog' : `Prometheus at ${prometheus}`;
}

export function Header({ dashboards, state, uid, kiosk, children }: Properties) {
  const style = useStyles2(styles);
  const theme = useTheme2();
  const title = dashboards.find((dashboard) => dashboard.uid === uid)?.title ?? 'Dashboards';
  const other = theme.isDark ? 'light' : 'dark';
  const options = dashboards.map((dashboard) => ({ label: dashboard.title, value: dashboard.uid }));
  return (
    <header className={style.bar}>
      {!kiosk && uid && (
        <a aria-label="All dashboards" href="/">
          <Icon name="apps" />
        </a>
      )}
      <h1 className={style.title}>{title}</h1>
      {children}
      <div className={style.space} />
      <span className={style.note}>
        Preview with Grafana&apos;s UI components; this is not Grafana. {source(state)}
      </span>
      {!kiosk && (
        <>
          <Combobox
            aria-label="Dashboard"
            onChange={({ value }) => {
              open(value);
            }}
            options={options}
            placeholder="Dashboard"
            value={uid ?? null}
            width={30}
          />
          <IconButton
            name="adjust-circle"
            onClick={() => {
              switchTheme(other);
            }}
            tooltip={`Switch to the ${other} theme`}
          />
        </>
      )}
    </header>
  );
}
