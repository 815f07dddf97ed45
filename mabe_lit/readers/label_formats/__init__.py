"""Annotation files -> ``Events``, a module a format; see ``mabe_lit.readers.formats``."""
