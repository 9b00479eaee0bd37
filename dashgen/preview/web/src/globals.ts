/** Read by Grafana's packages while they load, so before the other modules. */
Object.assign(window, {
  __grafana_public_path__: '/bundle/',
  grafanaBootData: { settings: {}, user: {}, navTree: [] },
});
