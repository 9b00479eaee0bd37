"""A believable fleet, made from the catalog and pushed to a gateway, for trying dashboards and for load.

:mod:`.names` and :mod:`.fleet` make up DAGs and what happens in their runs, :mod:`.moments` tells
it by the plugin's own code, :mod:`.sending` pushes groups, :mod:`.cleaning` removes them again.
"""
