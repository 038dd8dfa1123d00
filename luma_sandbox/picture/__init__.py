"""Drawing: a painted scene in layers, a camera that moves over them, a caption, and the film made of these.

Everything works on 4:2:0 planes, as the encoder needs them: half the work of RGB, and a parent's last frame goes into
its continuation without any conversion.
"""
