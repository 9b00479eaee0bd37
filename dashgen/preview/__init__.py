"""The preview: dashboards in the browser, drawn by Grafana's own components, without a Grafana.

:mod:`.boards` is what is shown, :mod:`.state` holds it while it changes, :mod:`.server` hands it to the
page, :mod:`.rebuild` makes it anew. :mod:`.pictures` draws it by :mod:`.chromium`. The page itself is
made from ``web/`` into ``bundle/``.
"""
