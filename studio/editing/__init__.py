"""From clips to the film: which frames of which clip stand where."""
