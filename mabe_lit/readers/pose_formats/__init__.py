"""Pose files of trackers -> ``Tracks``, a module a format; see ``mabe_lit.readers.formats``."""
