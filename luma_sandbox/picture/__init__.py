"""How the sandbox draws: a painted scene in layers, a camera that moves over them, a caption, and the film out of it.

Everything is done in 4:2:0 planes, as the encoder wants it: half the work of RGB, and a parent's last frame goes into
its continuation without one conversion.
"""
