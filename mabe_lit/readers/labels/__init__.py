"""Labels of recordings: whose they are, in which words, at which frame."""
