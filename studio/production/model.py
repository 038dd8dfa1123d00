"""The production as a producer writes it. Frozen values; empty fields of a scene take the production's values.

Every field is flat and optional wherever possible, so that one model serves the YAML file and the form in the Prefect
UI. ``Production(...)`` and ``Production.model_validate`` check every rule but one: that the files exist.
``parse_production`` and ``load_production`` check that as well, and name file and line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from pathlib import PurePath
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import PrivateAttr, ValidationInfo, model_validator

from studio.errors import BadInput
from studio.production import rules
from studio.production.choices import Choices
from studio.production.field_types import (
    AUTO,
    Join,
    Lengths,
    Model,
    Resolution,
    generation_in,
    is_path,
    is_url,
    refused,
    shown,
)
from studio.production.fields import ProductionFields
from studio.production.locations import Places
from studio.production.normalize import canonical
from studio.production.prompts import prompt_of
from studio.production.scene import Asset, Character, Scene, SourcePosition, Stage
from studio.production.slugs import film_name, slugify
from studio.providers.luma.concepts import resolve
from studio.remedies import Words


class Production(ProductionFields):
    """A film as it is written: its scenes in order, and what they share."""

    # Set where a version of a film has a slug of its own: all versions share one budget.
    _budget_name: str = PrivateAttr("")
    _known_as: str = PrivateAttr("")
    _notes: tuple[str, ...] = PrivateAttr(())
    _choices: Choices = PrivateAttr(Choices())
    # Set by a run's options: whether it is the draft, the scenes finished from its clips (each with the fields that
    # were written), all that show its clips, and the slug of the film of which this is another shape.
    _is_draft: bool = PrivateAttr(False)
    _from_draft: Mapping[str, Mapping[str, Any]] = PrivateAttr(default_factory=dict)
    _finishes_draft_of: frozenset[str] | None = PrivateAttr(None)
    _shape_of: str = PrivateAttr("")
    _voiced: frozenset[str] = PrivateAttr(frozenset())
    _translated_from: Production | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, data: Any) -> Any:
        return canonical(data)

    @model_validator(mode="after")
    def _holds_together(self, info: ValidationInfo) -> Self:
        if not (info.context or {}).get("rules checked elsewhere"):
            problems = rules.check(self, Places())
            if problems:
                raise refused("\n".join(map(str, problems)))
        return self

    def scene(self, scene_id: str, *, where: Words = "") -> Scene:
        """The scene of this id. Raises ``BadInput`` that names the nearest id, and ``where`` it was asked for, if
        there is none."""
        found = next((scene for scene in self.scenes if scene.id == scene_id), None)
        if found is None:
            hint = rules.suggestion(scene_id, (scene.id for scene in self.scenes), "scenes")
            raise BadInput(f"there is no scene {shown(scene_id)} in {self.title}", where=where, hint=hint)
        return found

    def asset(self, reference: str) -> Asset | None:
        """The asset that a reference names, made up for a path or URL; None where there is none."""
        declared = next((asset for asset in self.assets if asset.id == reference), None)
        if declared is not None or not (is_url(reference) or is_path(reference)):
            return declared
        name = PurePath(urlsplit(reference).path if is_url(reference) else reference).name
        stem = "".join(c if c.isascii() and c.isalnum() else "-" for c in name).strip("-")[:48] or "file"
        made_up = f"{stem}-{sha256(reference.encode()).hexdigest()[:6]}"
        return Asset(id=made_up, url=reference) if is_url(reference) else Asset(id=made_up, path=reference)

    @property
    def budget_name(self) -> str:
        """The name that budget and costs are kept under, which all versions of a film (draft, final, reframed) share:
        the project, or a name made from title or slug."""
        return self._budget_name or self.project or self.known_as

    @property
    def known_as(self) -> str:
        """The budget's name without ``project``: made from the title, or the slug where that is written."""
        return self._known_as or (film_name(self.title) if self.slug == slugify(self.title) else self.slug)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on how it is written, a line each, with file, line, scene and field; and on choices beside its file."""
        chosen = self._choices.note(self.stage_of)
        return (*self._notes, chosen) if chosen else self._notes

    @property
    def choices(self) -> Choices:
        """The choices of takes that lie beside its file."""
        return self._choices

    def choose(self, choices: Choices) -> None:
        """Keep the choices that its scenes' takes are from."""
        self._choices = choices

    def noted(self, notes: Iterable[str]) -> Production:
        """This production, with notes on how it is written."""
        self._notes = tuple(notes)
        return self

    def as_version_of(self, other: Production) -> Production:
        """This production, sharing the budget of another one of which it is a version."""
        self._budget_name, self._known_as, self._shape_of = other.budget_name, other.known_as, other.film_slug
        return self._made_as(other)

    def as_edition_of(self, other: Production) -> Production:
        """This production, in the place of another one whose scenes were edited: the same version of the same film."""
        self._budget_name, self._known_as, self._shape_of = other._budget_name, other._known_as, other._shape_of
        return self._made_as(other)

    def _made_as(self, other: Production) -> Production:
        for name in ("_notes", "_choices", "_is_draft", "_from_draft", "_finishes_draft_of", "_translated_from"):
            setattr(self, name, getattr(other, name))
        return self

    def as_draft(self) -> Self:
        """This production, marked as the draft of its film."""
        self._is_draft = True
        return self

    def as_finished_draft(self, scenes: Mapping[str, Mapping[str, Any]], of_draft: Iterable[str]) -> Self:
        """This production, whose ``scenes`` are finished from the draft's clips, each with what was written in place of
        that. ``of_draft``: all scenes that show clips of the draft."""
        self._from_draft, self._finishes_draft_of = dict(scenes), frozenset(of_draft)
        return self

    @property
    def finishes_draft_of(self) -> frozenset[str] | None:
        """The scenes that show clips of the draft; None where it is not finished from a draft."""
        return self._finishes_draft_of

    @property
    def is_draft(self) -> bool:
        return self._is_draft

    @property
    def from_draft(self) -> Mapping[str, Mapping[str, Any]]:
        """The scenes that are finished from the draft's clips, each with what was written in place of that."""
        return self._from_draft

    @property
    def is_reshaped(self) -> bool:
        """True if an option made it another shape of its film."""
        return bool(self._shape_of)

    def stage_of(self, scene_id: str) -> Stage:
        """The version whose clips a scene is made of, the draft's or the final's own: its takes are that one's."""
        return "draft" if self._is_draft or scene_id in self._from_draft else "final"

    def take_of(self, scene: Scene) -> int:
        """The take of a scene that this version of the film uses."""
        return scene.take_in(self.stage_of(scene.id))

    @property
    def kept(self) -> frozenset[str]:
        """The scenes that are to keep their clips in this version of the film, by the choices beside its file."""
        return frozenset(s.id for s in self.scenes if self._choices.keeps(s.id, self.stage_of(s.id)))

    @property
    def film_slug(self) -> str:
        """The slug of its film: its own, or that of the film of which it is another shape."""
        return self._shape_of or self.slug

    @property
    def version(self) -> str:
        """The name of this version of the film: ``final``, ``draft``, ``9:16`` (reframed), ``9:16 draft``, ``de``."""
        parts = (self.reframe, self.language if self._translated_from else "", "draft" if self._is_draft else "")
        return " ".join(filter(None, parts)) or "final"

    def as_translation_of(self, other: Production) -> Self:
        """This production, marked as another language of the film that is written in the other one."""
        self._translated_from = other
        return self

    @property
    def spoken_language(self) -> str:
        """The language of its texts, English where none is written."""
        return self.language or "en"

    @property
    def translated_from(self) -> Production | None:
        """The production that it is another language of; None where no option made it one."""
        return self._translated_from

    def named(self, slug: str, budget_name: str, *, project: str | None = None) -> Production:
        """The same production under another slug, sharing the budget of that name; ``project``: its own, if changed."""
        found = self.model_copy(update={"slug": slug, "project": self.project if project is None else project})
        found._budget_name = budget_name
        if self._shape_of:
            found._shape_of = budget_name
        return found

    def model_of(self, scene: Scene) -> Model:
        """The video model for a scene."""
        return scene.model or self.model

    def resolution_of(self, scene: Scene) -> Resolution:
        """A scene's resolution."""
        return scene.resolution or self.resolution

    def clips_of(self, scene: Scene) -> Lengths:
        """The preference by which the lengths of a scene's clips are chosen."""
        return scene.clips or self.clips

    def join_of(self, scene: Scene) -> Join | None:
        """The way that is written for a scene to go on from one that is cut; None where none is."""
        return scene.join or self.join

    def position_of(self, scene: Scene) -> SourcePosition | None:
        """The position of a scene's picture in a reframed frame; None: the service centres it."""
        return scene.source_position or self.source_position

    def duration_of(self, scene: Scene) -> Fraction:
        """A scene's seconds, exactly as written; of one that is as long as its narration, before that is made, the
        production's."""
        return self.duration if scene.duration is None or scene.duration == AUTO else scene.duration

    def lasting(self, seconds: Mapping[str, Fraction]) -> Production:
        """The same production, whose scenes with ``duration: auto`` last as long as their narration needs: ``seconds``,
        by scene."""
        scenes = tuple(s.model_copy(update={"duration": seconds[s.id]}) if s.id in seconds else s for s in self.scenes)
        found = self.model_copy(update={"scenes": scenes})
        found._voiced = frozenset(seconds)
        return found

    @property
    def voiced(self) -> frozenset[str]:
        """The scenes that last as long as their narration."""
        return self._voiced

    def camera_of(self, scene: Scene) -> tuple[str, ...]:
        """A scene's concept keys, from ``camera`` and from the hints that mean one."""
        return resolve(scene.camera, scene.prompt_hints)

    def prompt_of(self, scene: Scene) -> str:
        """The prompt as it is sent: with hints that are no camera concepts, the camera in free words, and the style."""
        return prompt_of(scene)

    def start_image_of(self, scene: Scene) -> Asset | None:
        """The picture that is a scene's first frame."""
        return None if scene.start_image is None else self.asset(scene.start_image)

    def end_image_of(self, scene: Scene) -> Asset | None:
        """The picture that is a scene's last frame."""
        return None if scene.end_image is None else self.asset(scene.end_image)

    def footage_of(self, scene: Scene) -> Asset | None:
        """The footage that a scene changes; None where it changes nothing, or another scene's clip."""
        if scene.modify is None or any(other.id == scene.modify for other in self.scenes):
            return None
        return self.asset(scene.modify)

    def clip_of(self, scene: Scene) -> Asset | None:
        """The finished file that a scene shows as it is."""
        return None if scene.clip is None else self.asset(scene.clip)

    def character_of(self, scene: Scene) -> Character | None:
        """The character in a scene."""
        return next((c for c in self.characters if c.id == scene.character), None)

    def upscale_of(self, scene: Scene) -> Resolution | None:
        """The resolution to which a scene's clips are upscaled in a separate step."""
        return scene.upscale or self.upscale

    def parent_of(self, scene: Scene) -> str | None:
        """The id of the scene that a scene continues: as written, or with ``chain`` the one before it.

        None also where it continues a generation by its id, and with ``chain`` where the scene before leads into this
        one, since then this one is made first.
        """
        if scene.continue_from is not None or not self.chain:
            named = scene.continue_from
            return None if generation_in(named) else named
        before = next((a for a, b in pairwise(self.scenes) if b.id == scene.id), None)
        return rules.chained_to(before, scene)
