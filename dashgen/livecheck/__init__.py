"""What is really emitted, held against the catalog.

:mod:`.seen` sums up what a gateway holds, :mod:`.gateway` asks it, :mod:`.judge` says what is wrong;
:mod:`.prometheus` asks Prometheus, :mod:`.stored` says what is wrong there.
"""
