"""Recordings from pose files: which file of each, how it is read, what all of them share."""
