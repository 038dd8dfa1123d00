"""From clips to the film: scene edits and assembly."""
