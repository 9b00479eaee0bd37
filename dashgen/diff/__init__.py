"""The meaning of a change between two outputs: not their text, but what it says.

Output folders in, as maps of relative path to text; what differs out, and as Markdown. Only
:mod:`dashgen.diff.earlier` touches files and git.
"""
