"""A scene as it is written, and what it refers to: assets, characters, guides, controls. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.production.field_types import (
    PROMPT_MAX,
    PROMPT_MIN,
    Across,
    Amount,
    Choice,
    Colors,
    Filled,
    FilledReference,
    Flag,
    GenerationId,
    Id,
    Join,
    Left,
    Lengths,
    Model,
    Moment,
    Pose,
    Reference,
    References,
    Resolution,
    SceneSeconds,
    Strength,
    Text,
    Texts,
    Whole,
)
from studio.production.sound_fields import CaptionsField, NarrationField
from studio.production.sounds import Sound
from studio.production.titles import CardField, LowerThirdField
from studio.production.transitions import TransitionField

AssetKind = Literal["image", "video"]
#: The two makings of a film, of different clips: each has takes of its own. A final that is made from the draft uses
#: the draft's clips, and so the draft's takes.
Stage = Literal["draft", "final"]
STAGES: tuple[Stage, ...] = ("draft", "final")
#: The field of a scene that has the take of each.
TAKES: Mapping[Stage, str] = {"draft": "draft_take", "final": "final_take"}


class Frozen(BaseModel):
    """A value that never changes, and that takes no field which it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def not_in_the_form(name: str) -> ConfigDict:
    """A field that files and API calls may have, and that a form does not show: it draws ``properties`` alone."""

    def hide(schema: dict[str, Any]) -> None:
        schema["patternProperties"] = {f"^{name}$": schema["properties"].pop(name)}

    return ConfigDict(json_schema_extra=hide)


def _prompt_schema(schema: dict[str, Any]) -> None:
    """A prompt that is written has a length; that it is empty by default is not said to a form."""
    schema |= {"minLength": PROMPT_MIN, "maxLength": PROMPT_MAX}
    schema.pop("default", None)


class Asset(Frozen):
    """A picture or footage that scenes start from, end on or change."""

    id: Id = Field(description="The name that scenes use for it: letters, digits, - and _.")
    path: FilledReference | None = Field(
        default=None,
        description="A local file, relative to the production file; in a form, to the folder of the run. Or give url.",
    )
    url: FilledReference | None = Field(
        default=None, description="A public http(s) address, which the service reads. Or give path."
    )
    kind: Annotated[AssetKind, Choice] | None = Field(
        default=None, description="image or video; found out from the content of a local file."
    )
    description: Text = Field(default="", description="What it shows, for people.")


class Character(Frozen):
    """Somebody who looks the same in every scene that names them."""

    id: Id = Field(description="The name that scenes use: letters, digits, - and _.")
    description: Text = Field(default="", description="How they look, in words.")
    images: References = Field(default=(), description="Reference pictures: asset ids, paths or URLs.")


class SeedAssetRef(Frozen):
    """The mission's way to give a scene its first or last frame. ``start_image`` and ``end_image`` say the same."""

    asset: Reference = Field(default="", description="An asset's id or a path. Only a name where url is given.")
    url: FilledReference | None = Field(default=None, description="A public address of the picture; wins over asset.")
    usage: Text = Field(
        default="source_frame", description="source_frame (the first frame) or end_frame (the last one)."
    )


class Guide(Frozen):
    """A picture that a scene passes through at a moment of its clip (ray-3)."""

    at: Moment = Field(description="Seconds from the scene's start.")
    image: FilledReference = Field(description="An asset's id, a path or a URL.")


class Controls(Frozen):
    """The signals of its footage that a modified scene keeps (ray-3). Empty: as the model likes."""

    pose: Pose | None = Field(default=None, description="How people hold themselves: precise, coarse, true or false.")
    depth: Amount | None = Field(
        default=None, description="The room's depth: true, false, or 0 (exactly) to 1 (freely)."
    )
    normals: Amount | None = Field(
        default=None, description="The form of surfaces: true, false, or 0 (exactly) to 1 (freely)."
    )
    trajectory: Amount | None = Field(
        default=None, description="How things move: true, false, or 0 (exactly) to 1 (freely)."
    )
    face: Flag | None = Field(default=None, description="Who they are, by their faces: true or false.")

    def as_asked(self) -> dict[str, dict[str, Any]]:
        """The controls that are given, as the service takes them."""
        detail = {"pose": "strength", "depth": "blur", "normals": "augmentation", "trajectory": "sparsity"}
        asked: dict[str, dict[str, Any]] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, bool):
                asked[name] = {"enabled": value}
            elif value is not None:
                asked[name] = {"enabled": True, detail[name]: value}
        return asked


class SourcePosition(Frozen):
    """The picture's place in the frame that it is reframed to, in shares of that frame's width and height (ray-3)."""

    x: Left = Field(description="The picture's left edge, from -2 to 2; 0 is the frame's own.")
    y: Left = Field(description="Its upper edge.")
    width: Across = Field(description="Its width, up to 2; 1 is the frame's own.")
    height: Across = Field(description="Its height.")

    def as_asked(self) -> dict[str, float]:
        """The rectangle, as the service takes it."""
        return {"x_norm": self.x, "y_norm": self.y, "w_norm": self.width, "h_norm": self.height}


class Scene(Frozen):
    """One scene of the film. What is left empty comes from the production."""

    # `in` is a word of Python's: the field has it as its alias, in files, in forms and in what is written.
    model_config = ConfigDict(**not_in_the_form("seed_asset_refs"), populate_by_name=True, serialize_by_alias=True)

    id: Id = Field(description="A short name, unique in the film: letters, digits, - and _.")
    prompt: Filled = Field(
        default="",
        description="What is seen, in 3 to 5000 characters. Not needed for a clip or a generation that is there.",
        json_schema_extra=_prompt_schema,
    )
    prompt_hints: Texts = Field(
        default=(),
        description="Camera words such as slow_motion, orbit, aerial; any other hint is added to the prompt.",
    )
    duration: SceneSeconds | None = Field(
        default=None,
        description="Seconds, any number up to 600; auto: as long as its narration. Empty: the production's.",
    )
    start_image: FilledReference | None = Field(
        default=None, description="The first frame: an asset's id, a path or a URL."
    )
    end_image: FilledReference | None = Field(
        default=None, description="The last frame: an asset's id, a path or a URL."
    )
    continue_from: Filled | None = Field(
        default=None,
        description="The scene whose last frame this one goes on from; previous: the one before it in the film. Or a "
        "generation's id, a UUID or generation:ID.",
    )
    lead_into: Filled | None = Field(
        default=None,
        description="The scene whose first frame this one ends on; next: the one after it in the film. Or a "
        "generation's id, a UUID or generation:ID.",
    )
    join: Annotated[Join, Choice] | None = Field(
        default=None,
        description="How it goes on from a scene that is cut to its length. frame: from the frame of that cut, as a "
        "picture; whole: that scene is shown whole, and so is this one where it leads into another; generation: from "
        "the end of the clip, so that the film jumps. Empty: the production's.",
    )
    character: Filled | None = Field(default=None, description="The id of the character who is in it.")
    camera: Texts = Field(
        default=(),
        description="Camera concepts, such as push_in or orbit_left, or plain words for them, such as drone shot. Any "
        "other words, such as slow push in from behind, are told in the prompt, and the plan says so.",
    )
    style: Text = Field(
        default="", description="Words added to its prompt, instead of the production's style. none: none are added."
    )
    notes: Texts = Field(
        default=(), description="Notes for people: shown in the report, never sent, and no reason to buy again."
    )
    loop: Flag = Field(
        default=False,
        description="The last frame runs into the first again. Shorter than its clip it is cut, and loops no more.",
    )
    modify: FilledReference | None = Field(
        default=None,
        description="Footage to change instead of making new: an asset's id, a path, a URL or a scene's id.",
    )
    strength: Annotated[Strength, Choice] | None = Field(
        default=None, description="How much modify may change, from adhere_1 (little) to reimagine_3 (everything)."
    )
    auto_controls: Flag = Field(
        default=False, description="Let the model choose what modify keeps, instead of strength or controls (ray-3)."
    )
    controls: Controls | None = Field(
        default=None, description="What modify keeps of the footage: pose, depth, normals, trajectory, face (ray-3)."
    )
    guides: tuple[Guide, ...] = Field(
        default=(), description="Pictures that the scene passes through, each at its moment (ray-3)."
    )
    clips: Annotated[Lengths, Choice] | None = Field(
        default=None, description="cheapest or longest: which clips it is made of. Empty: the production's."
    )
    hdr: Flag = Field(default=False, description="High dynamic range (ray-3 at 720p or 1080p).")
    exr: Flag = Field(default=False, description="Its frames as EXR files too; needs hdr (ray-3).")
    sound: Sound = Field(
        default=None,
        description="keep: the sound that the clip or the footage has; none: silence; generate: words of what is "
        "heard, by which a sound track is made (ray-2, ray-flash-2). Words alone are generated, too. Empty: keep.",
    )
    upscale: Annotated[Resolution, Choice] | None = Field(
        default=None, description="Finish the clips at this resolution (ray-2, ray-flash-2). Empty: the production's."
    )
    source_position: SourcePosition | None = Field(
        default=None, description="Where its picture stands when it is reframed (ray-3). Empty: the production's."
    )
    resolution: Annotated[Resolution, Choice] | None = Field(default=None, description="Empty: the production's.")
    model: Annotated[Model, Choice] | None = Field(default=None, description="Empty: the production's.")
    take: Whole = Field(
        default=1,
        ge=1,
        le=1000,
        description="The take that the film uses: one that is there costs nothing, another number buys one.",
    )
    draft_take: Whole | None = Field(
        default=None, ge=1, le=1000, description="The take that the draft uses, and a final that is made from it. "
        "Empty: as take says.",
    )  # fmt: skip
    final_take: Whole | None = Field(
        default=None, ge=1, le=1000, description="The take that the final uses, in any shape. Empty: as take says."
    )
    generation: GenerationId | None = Field(
        default=None, description="The id of an existing generation to use; nothing is bought for this scene then."
    )
    clip: FilledReference | None = Field(
        default=None,
        description="A finished video file that is used as it is, free of charge: an asset's id, a path or a URL.",
    )
    in_: Moment | None = Field(
        default=None, alias="in", description="Seconds of the clip at which the scene begins. Empty: its start."
    )
    out: Moment | None = Field(
        default=None, description="Seconds of the clip at which the scene ends. Empty: the clip's end."
    )
    fit: Annotated[Literal["pad", "crop"], Choice] | None = Field(
        default=None,
        description="A clip of another shape than the film: pad shows all of it, with bars; crop fills the frame. "
        "Empty: pad, and crop where the film is reframed.",
    )
    transition: TransitionField | None = Field(
        default=None,
        description="How the scene before becomes this one, also where it goes on from it: cut, crossfade 0.5, "
        "fadeblack 1 and so on. Empty: the film's.",
    )
    colors: Annotated[Colors, Choice] | None = Field(
        default=None,
        description="match: its colours are matched to those of the scene that it goes on from; keep: it keeps its "
        "own. Empty: the film's.",
    )
    card: CardField = Field(
        default=None, description="A card before the scene, such as Three years later: a text, or {text, seconds}."
    )
    lower_third: LowerThirdField = Field(
        default=None,
        description="One or two lines at the foot of its picture for a while: a text, or {text, from, seconds}.",
    )
    narration: NarrationField = Field(
        default=None,
        description="The voice over it: what is said, or a sound file, or {text, file, from, level}. It is made before "
        "anything is bought.",
    )
    captions: CaptionsField = Field(
        default=None,
        description="The text that is read with it: a text, or a list of {text, from, seconds}; none: no caption. "
        "Empty: its narration.",
    )
    seed_asset_refs: tuple[SeedAssetRef, ...] = Field(
        default=(), description="Another way to write start_image and end_image, by usage source_frame and end_frame."
    )

    def take_in(self, stage: Stage) -> int:
        """The take that is written for the draft, or for the final."""
        own = self.draft_take if stage == "draft" else self.final_take
        return self.take if own is None else own

    def says_take(self, stage: Stage) -> bool:
        """True if a take is written for the draft, or for the final, and not only left at the first."""
        return self.take_in(stage) != 1 or bool({"take", TAKES[stage]} & self.model_fields_set)
