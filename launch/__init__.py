"""One command on a cloud GPU: thin entry points around ``mabe_lit``'s own functions, for Modal."""
