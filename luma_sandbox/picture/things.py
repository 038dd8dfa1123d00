"""All drawings of things, by the rows of vocabulary.THINGS."""

from __future__ import annotations

from luma_sandbox.picture.prop import Prop
from luma_sandbox.picture.props_moving import MOVING
from luma_sandbox.picture.props_small import SMALL
from luma_sandbox.picture.props_standing import STANDING

DRAWINGS: dict[str, Prop] = MOVING | STANDING | SMALL
