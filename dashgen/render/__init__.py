"""One small module per kind of output: definitions in, ``{path: text}`` out, nothing decided."""
