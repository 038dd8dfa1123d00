"""The errors of a faulty production: file, line, scene, field, and what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.errors import Problem, ProductionError
from studio.production import load_production, parse_production

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24
MP4 = b"\0\0\0\x20ftypisom" + b"\0" * 24


def problems(tmp_path: Path, text: str) -> list[Problem]:
    """All that is wrong with a YAML production."""
    file = tmp_path / "coffee.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProductionError) as caught:
        load_production(file)
    return list(caught.value.problems)


def only(tmp_path: Path, text: str) -> Problem:
    """The one thing that is wrong with a YAML production."""
    found = problems(tmp_path, text)
    assert len(found) == 1, found
    return found[0]


def scene(fields: str, more: str = "") -> str:
    """A production whose first scene, ``arrival``, has some more fields from line 5 on."""
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    return f"title: Coffee\nscenes:\n  - id: arrival\n    prompt: a woman walks in\n{lines}{more}"


SECOND = "  - id: order\n    prompt: she orders\n"
EDIT = "model: ray-3\nmodify: order"
PICTURE = "https://x.org/a.png"
POSITION = "{x: 0, y: 0, width: 1, height: 1}"


@pytest.mark.parametrize(
    ("fields", "line", "field", "message", "hint"),
    [
        ("duration: -3", 5, "duration", "-3 seconds is not between", "for example 5"),
        ("duration: .nan", 5, "duration", "expected seconds, found nan", "plain number"),
        ("duration: .inf", 5, "duration", "expected seconds, found inf", "plain number"),
        ("duration: 1e9", 5, "duration", "is not between one frame and 10 minutes", ""),
        ("duration: true", 5, "duration", "expected seconds, found true or false", ""),
        ("duration: soon", 5, "duration", "expected seconds, found 'soon'", ""),
        ("duration: [5]", 5, "duration", "expected seconds, found a list", ""),
        ("model: ray2", 5, "model", "'ray2' is not possible", "did you mean 'ray-2'?"),
        ("model: ray-1-6", 5, "model", "'ray-1-6' is not possible", "did you mean 'ray-2'?"),
        ("resolution: 720", 5, "resolution", "720 is not possible", "did you mean '720p'?"),
        ("resolution: 2160p", 5, "resolution", "'2160p' is not possible", "did you mean '4k'?"),
        (
            "generation: abcd1234",
            5,
            "generation",
            "'abcd1234' is no id of a generation of Luma's Dream Machine",
            "all of",
        ),
        ("generation: the-harbour\nmodel: ray-3", 5, "generation", "of a generation of Luma's Agents API", "all of it"),
        ("continue_from: generation:123e4567", 5, "continue_from", "is no id of a generation", "all of it"),
        ("lead_into: generation:123e4567", 5, "lead_into", "is no id of a generation", "all of it"),
        ("camera: whirl_around_x", 5, "camera", "there is no camera concept 'whirl_around_x'", "have spaces"),
        ("camera: push_inn", 5, "camera", "there is no camera concept 'push_inn'", "did you mean 'push_in'?"),
        ("camera: tracking shots", 5, "camera", "there is no camera concept", "did you mean 'tracking_shot'?"),
        ("camera: '12'", 5, "camera", "'12' says nothing of the camera", "name a concept"),
        ("camera: pan_lft", 5, "camera", "there is no camera concept 'pan_lft'", "did you mean 'pan_left'?"),
        (
            "camera:\n  - push_in\n  - orbt",
            7,
            "camera[2]",
            "there is no camera concept 'orbt'",
            "did you mean 'orbit'?",
        ),
        ("continue_from: oder", 5, "continue_from", "there is no scene 'oder'", "did you mean 'order'?"),
        ("lead_into: oder", 5, "lead_into", "there is no scene 'oder'", "did you mean 'order'?"),
        ("continue_from: arrival", 5, "continue_from", "is the scene itself", ""),
        ("start_image: lmap", 5, "start_image", "there is no asset 'lmap'", "add it under assets"),
        ("start_image: nope.png", 5, "start_image", "there is no file", "relative to the production file"),
        (
            "start_image: ftp://x.org/a.png",
            5,
            "start_image",
            "no service reads a ftp:// URL",
            "http or https",
        ),
        ("start_image_url: nope.png", 5, "start_image_url", "there is no file", ""),
        ("end_image: 'https:///a.png'", 5, "end_image", "is not a URL", ""),
        ("loop: maybe", 5, "loop", "expected true or false, found 'maybe'", ""),
        ("take: 0", 5, "take", "0 is not possible", "at least 1"),
        ("take: true", 5, "take", "expected a whole number", ""),
        ("take: two", 5, "take", "expected a whole number, found text", ""),
        ("strength: flex_2", 5, "strength", "there is none", "add modify"),
        ("generation: ../x", 5, "generation", "'../x' is not a generation's id", ""),
        ("prompt_hints: {a: b}", 5, "prompt_hints", "expected a list, found a mapping", ""),
        (
            "seed_asset_refs:\n  - asset: x.png\n    usage: style",
            7,
            "seed_asset_refs[1].usage",
            "'style' is not built",
            "",
        ),
        ("resolution: 1440p", 5, "resolution", "'1440p' is not possible", "one of: 360p, 540p"),
        ("loop: true\nlead_into: order", 5, "loop", "cannot be combined with lead_into", "remove one"),
        ("loop: true\nend_image: https://x.org/a.png", 5, "loop", "cannot be combined with end_image", "remove one"),
        ("continue_from: order\nstart_image: https://x.org/a.png", 6, "start_image", "stands beside continue_from", ""),
        ("lead_into: order\nend_image: https://x.org/a.png", 6, "end_image", "stands beside lead_into", ""),
        ("character: maya", 5, "character", "there is no character 'maya'", "add it under characters"),
        ("resolution: 360p", 5, "resolution", "ray-2 makes no 360p", "it makes 540p, 720p, 1080p, 4k"),
        ("model: ray-3\nresolution: 4k", 6, "resolution", "ray-3 makes no 4k", "360p, 540p, 720p, 1080p"),
        ("hdr: true", 5, "hdr", "ray-2 does not do that", "write model: ray-3"),
        ("guides: [{at: 1, image: x.png}]", 5, "guides", "ray-2 does not do that", "write model: ray-3"),
        ("model: ray-3\nsound: waves", 6, "sound", "ray-3 does not do that", "ray-2 or ray-flash-2"),
        ("model: ray-3\nupscale: 1080p", 6, "upscale", "ray-3 does not do that", "ray-2 or ray-flash-2"),
        ("model: ray-3\nhdr: true\nresolution: 540p", 6, "hdr", "720p and 1080p only", "change resolution"),
        ("model: ray-3\nhdr: true\nloop: true", 6, "hdr", "cannot be combined with loop", "remove one"),
        ("model: ray-3\nexr: true", 6, "exr", "without hdr", "add hdr: true"),
        ("upscale: 540p", 5, "upscale", "540p is no larger than 720p", "choose a larger one"),
        ("modify: order\nloop: true", 6, "loop", "cannot be combined with modify", "remove one"),
        ("strength: flex_1", 5, "strength", "says how much modify may change", "add modify"),
        (f"{EDIT}\nhdr: true\nresolution: 4k", 8, "resolution", "ray-3 makes no 4k", "it makes 360p"),
        ("model: ray-3\nhdr: true\nduration: 8", 7, "duration", "8 s in HDR", "write at most 5"),
        (f"{EDIT}\nauto_controls: true\nstrength: flex_1", 7, "auto_controls", "combined with strength", "remove one"),
        (f"{EDIT}\nauto_controls: true\ncontrols: {{pose: coarse}}", 7, "auto_controls", "with controls", "remove one"),
        ("model: ray-3\ncontrols: {pose: coarse}", 6, "controls", "says how modify works", "add modify"),
        ("model: ray-3\nauto_controls: true", 6, "auto_controls", "says how modify works", "add modify"),
        (f"{EDIT}\ncontrols: {{}}", 7, "controls", "names no control", "add pose"),
        (f"{EDIT}\ncontrols: {{pose: soft}}", 7, "controls.pose", "'soft' is no control of a pose", "precise, coarse"),
        (f"{EDIT}\ncontrols: {{depth: 1.5}}", 7, "controls.depth", "1.5 is not between 0 and 1", "from 0 to 1"),
        (f"{EDIT}\ncontrols: {{face: 0.5}}", 7, "controls.face", "expected true or false", ""),
        (f"{EDIT}\nguides: [{{at: 1, image: {PICTURE}}}]\nstart_image: {PICTURE}", 7, "guides", "start_image", "at 0"),
        ("modify: order\nauto_controls: true", 6, "auto_controls", "ray-2 does not do that", "write model: ray-3"),
        ("modify: order\ncontrols: {pose: coarse}", 6, "controls", "ray-2 does not do that", "write model: ray-3"),
        (f"source_position: {POSITION}", 5, "source_position", "ray-2 does not do that", "write model: ray-3"),
        (
            "model: ray-3\nsource_position: {x: 0, y: 0, width: 1}",
            6,
            "source_position",
            "'height' is missing",
            "add it",
        ),
        (f"model: ray-3\nsource_position: {POSITION.replace('x: 0', 'x: 3')}", 6, "source_position.x", "-2 and 2", ""),
        ("clips: longer", 5, "clips", "'longer' is not possible", "'longest'"),
    ],
)
def test_one_wrong_field(tmp_path: Path, fields: str, line: int, field: str, message: str, hint: str) -> None:
    """A wrong field of a scene is named with file, line, scene and field, and the nearest right value."""
    found = only(tmp_path, scene(fields, SECOND))
    assert found.where == f"coffee.yaml:{line}, scene 'arrival', field '{field}'"
    assert message in found.message
    assert hint in found.hint


@pytest.mark.parametrize(("ratio", "refused"), [("9:16", True), ("3:4", True), ("1:1", False), ("4:3", False)])
def test_a_reframe_that_ray_3_does_not_make_yet(tmp_path: Path, ratio: str, refused: bool) -> None:
    """1080p is not reframed to an upright shape yet: told where the resolution stands, with the tier that can be."""
    text = f"title: Coffee\nmodel: ray-3\nreframe: '{ratio}'\nscenes:\n  - id: arrival\n    prompt: she walks in\n"
    file = tmp_path / "coffee.yaml"
    file.write_text(text + "    resolution: 1080p\n", encoding="utf-8")
    if not refused:
        assert load_production(file).reframe == ratio
        return
    found = only(tmp_path, file.read_text("utf-8"))
    assert found.where == "coffee.yaml:7, scene 'arrival', field 'resolution'"
    assert f"ray-3 does not reframe 1080p to {ratio} yet" in found.message
    assert "write resolution: 720p" in found.hint


@pytest.mark.parametrize(
    ("fields", "field", "message", "hint"),
    [
        ("model: ray2", "model", "'ray2' is not possible", "did you mean 'ray-2'?"),
        ("aspect_ratio: 16/9", "aspect_ratio", "'16/9' is not possible", "did you mean '16:9'?"),
        ("resolution: 8k", "resolution", "'8k' is not possible", "4k"),
        ("budget: -1", "budget", "-1 is not between 0 and 1,000,000", "nothing may be bought"),
        ("budget: 4.999", "budget", "has more than two decimals", "write 5.00"),
        ("budget: .nan", "budget", "expected an amount of US dollars, found nan", ""),
        ("budget: 1e300", "budget", "is not between 0 and", ""),
        ("budget: lots", "budget", "expected an amount of US dollars, found 'lots'", ""),
        ("slug: ../x", "slug", "is not a safe folder name", "for example 'x'"),
        ("slug: Big", "slug", "is not a safe folder name", "for example 'big'"),
        ("width: 1920", "width", "is given without height", "add height"),
        ("width: 0\nheight: 5", "width", "0 is not possible", "at least 1"),
        ("width: 1920\nheight: 1080\nresolution: 540p", "width", "1920x1080 contradicts", "remove width and height"),
        ("chain: perhaps", "chain", "expected true or false", ""),
        ("film: {fps: 30}", "film.fps", "30 frames per second cannot be made", "write 24"),
        ("film: fast", "film", "expected fields and values, found text", ""),
        ("assets: 5", "assets", "expected a list, found a number", ""),
    ],
)
def test_one_wrong_field_of_the_production(tmp_path: Path, fields: str, field: str, message: str, hint: str) -> None:
    """A wrong field of the production itself is named with file, line and field."""
    found = only(tmp_path, f"title: Coffee\n{fields}\nscenes:\n  - {{id: a, prompt: a street}}\n")
    assert found.where == f"coffee.yaml:2, field '{field}'"
    assert message in found.message
    assert hint in found.hint


def test_an_unknown_field_names_the_nearest(tmp_path: Path) -> None:
    """`promt` is one mistake, not also a missing prompt."""
    found = only(tmp_path, "title: Coffee\nscenes:\n  - id: arrival\n    promt: a woman walks in\n")
    assert str(found) == "coffee.yaml:4, scene 'arrival': there is no field 'promt'\n  → did you mean 'prompt'?"


def test_an_unknown_field_far_from_any_lists_them(tmp_path: Path) -> None:
    """The fields are listed where nothing is near."""
    found = only(tmp_path, scene("zzz: 1"))
    assert found.where == "coffee.yaml:5, scene 'arrival'"
    assert "fields: id, prompt, prompt_hints" in found.hint


def test_the_missions_word_beside_ours(tmp_path: Path) -> None:
    """scene_id beside id is told as the same thing said twice."""
    found = only(tmp_path, scene("scene_id: other"))
    assert (found.where, found.message) == ("coffee.yaml:5, scene 'arrival'", "'scene_id' and 'id' say the same")


def test_missing_fields(tmp_path: Path) -> None:
    """A missing field is named at its scene; a scene without id by its number."""
    found = problems(tmp_path, "scenes:\n  - id: a\n  - prompt: a street\n")
    assert [str(p).splitlines()[0] for p in found] == [
        "coffee.yaml:1: 'title' is missing",
        "coffee.yaml:2, scene 'a': 'prompt' is missing",
        "coffee.yaml:3, scene 2: 'id' is missing",
    ]


@pytest.mark.parametrize("name", ["../x", "a b", "-a", "a/b", "a.b", "ü", "x" * 65, "CON", "''"])
def test_unsafe_ids(tmp_path: Path, name: str) -> None:
    """An id that could leave its folder, or that some file system cannot hold, is refused."""
    found = only(tmp_path, f"title: T\nscenes:\n  - id: {name}\n    prompt: a street\n")
    assert "is not a safe id" in found.message
    assert found.where.startswith("coffee.yaml:3, scene ")


def test_a_reference_to_a_faulty_id_is_not_blamed_too(tmp_path: Path) -> None:
    """One unsafe id is one problem, also where other scenes refer to it."""
    text = "title: T\nscenes:\n  - id: a b\n    prompt: a street\n  - id: c\n    prompt: more\n    continue_from: a b\n"
    assert "not a safe id" in only(tmp_path, text).message


@pytest.mark.parametrize(("second", "message"), [("arrival", "is there twice"), ("Arrival", "differ only in case")])
def test_ids_that_collide(tmp_path: Path, second: str, message: str) -> None:
    """Ids are unique, also on file systems that know no case."""
    found = only(tmp_path, scene("", f"  - id: {second}\n    prompt: she orders\n"))
    assert message in found.message
    assert found.where == f"coffee.yaml:5, scene '{second}', field 'id'"


def test_cycles_are_named(tmp_path: Path) -> None:
    """Scenes that wait for each other over continue_from and lead_into are told as one circle."""
    text = "title: T\nscenes:\n"
    text += "  - {id: a, prompt: one, continue_from: b}\n  - {id: b, prompt: two, lead_into: c}\n"
    text += "  - {id: c, prompt: three, continue_from: a}\n"
    found = only(tmp_path, text)
    assert found.where == "coffee.yaml:3, scene 'a', field 'continue_from'"
    assert found.message == "goes in a circle: 'a' continues from 'b', 'b' leads into 'c', 'c' continues from 'a'"
    assert found.hint == "one of them must be able to start"


def test_a_cycle_through_chain_says_so(tmp_path: Path) -> None:
    """The hint names chain where it closes a cycle."""
    text = "title: T\nchain: true\nscenes:\n  - {id: a, prompt: one, lead_into: c}\n  - {id: b, prompt: two}\n"
    found = only(tmp_path, text + "  - {id: c, prompt: three}\n")
    assert "'b' continues from 'a'" in found.message
    assert "chain: true" in found.hint


@pytest.mark.parametrize("length", [1, 2, 4999, 5000, 5001])
def test_prompt_lengths(tmp_path: Path, length: int) -> None:
    """A prompt has 3 to 5000 characters, the hints counted; nothing is ever cut."""
    hints = ", 7 of them from prompt_hints" if length > 3 else ""
    text = f"title: T\nscenes:\n  - id: a\n    prompt: {'x' * length}\n" + (
        "    prompt_hints: [neon!]\n" if hints else ""
    )
    found = only(tmp_path, text)
    assert found.where == "coffee.yaml:4, scene 'a', field 'prompt'"
    counted = "1 character" if length == 1 else f"{length + 7 if hints else length} characters"
    assert found.message.startswith(f"has {counted}{hints}")


def test_a_scene_that_is_no_scene(tmp_path: Path) -> None:
    """A list item that is plain text is named by its number, and the others are still checked."""
    found = problems(tmp_path, scene("camera: pan_lft", "  - just words\n"))
    assert [p.where for p in found] == ["coffee.yaml:5, scene 'arrival', field 'camera'", "coffee.yaml:6, scene 2"]


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Wrong types, wrong values, wrong references and missing files come in one error, by line."""
    text = "titel: x\ntitle: T\nmodel: ray2\nassets:\n  lamp: nope.png\nscenes:\n"
    text += "  - {id: a b, promt: x}\n  - {id: c, prompt: fine, continue_from: x, duration: -1}\n"
    text += "  - {id: C, prompt: fine}\n"
    found = problems(tmp_path, text)
    lines = [int(p.where.split(",")[0].split(":")[1]) for p in found]
    assert lines == [1, 3, 5, 7, 7, 8, 8, 9]


def test_several_usages_of_one_frame(tmp_path: Path) -> None:
    """Two source frames for one clip are refused rather than one of them dropped."""
    found = problems(tmp_path, scene("seed_asset_refs:\n  - url: https://x.org/a.png\n  - url: https://x.org/b.png"))
    assert {p.message for p in found} == {"the start_image is given twice"}


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "is empty", ""),
        (b"GIF89a....", "is a GIF image, which Luma does not read", "PNG, JPEG or WebP"),
        (b"<html>", "is a web page, which Luma does not read", ""),
        (b"hello world", "is neither an image nor a video", ""),
        (b"\0\0\0\x20ftypheic....", "is a HEIF (HEIC) picture, which Luma does not read", "PNG"),
        (MP4, "is a video, not an image", ""),
    ],
)
def test_files_that_are_not_what_they_should_be(tmp_path: Path, content: bytes, message: str, hint: str) -> None:
    """A file's type is told by its content, not its name."""
    (tmp_path / "seed.png").write_bytes(content)
    found = only(tmp_path, scene("start_image: seed.png"))
    assert found.where == "coffee.yaml:5, scene 'arrival', field 'start_image'"
    assert message in found.message
    assert hint in found.hint


def test_an_asset_of_the_wrong_kind(tmp_path: Path) -> None:
    """A declared asset must be what it claims and what its scenes need."""
    (tmp_path / "a.mp4").write_bytes(MP4)
    (tmp_path / "b.png").write_bytes(PNG)
    text = "title: T\nassets:\n  a: a.mp4\n  b: {path: b.png, kind: video}\n  c: {}\n  d: .\nscenes:\n"
    text += "  - {id: s, prompt: a street, start_image: a}\n"
    found = problems(tmp_path, text)
    assert [(p.where, p.message) for p in found] == [
        ("coffee.yaml:4, asset 'b', field 'path'", "'b.png' is an image, not a video"),
        ("coffee.yaml:5, asset 'c'", "needs a path or a url, and has neither"),
        ("coffee.yaml:6, asset 'd'", f"'{tmp_path.name}' is a folder"),
        ("coffee.yaml:8, scene 's', field 'start_image'", "'a' is a video, and start_image needs an image"),
    ]


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    """A file that is nearly there is suggested."""
    (tmp_path / "seed.png").write_bytes(PNG)
    assert only(tmp_path, scene("start_image: sed.png")).hint == "did you mean 'seed.png'?"


def test_no_signed_url_is_ever_quoted(tmp_path: Path) -> None:
    """An error about a URL leaves out its query and its password."""
    text = str(only(tmp_path, scene("start_image: https://me:secret@x.org/a.png?X-Amz-Signature=abc")))
    assert "secret" not in text
    assert "abc" not in text
    assert "has a user name or password in it" in text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "expected the fields of a production, found a list"),
        (None, "expected the fields of a production, found nothing"),
        ("text", "expected the fields of a production, found text"),
    ],
)
def test_what_is_no_mapping(data: Any, message: str) -> None:
    """Data of the wrong kind is a ProductionError as well."""
    with pytest.raises(ProductionError, match=message):
        parse_production(data)


def test_an_empty_production() -> None:
    """Nothing at all is told as what is missing; no scenes as that."""
    with pytest.raises(ProductionError) as caught:
        parse_production({})
    assert [p.message for p in caught.value.problems] == ["'title' is missing", "'scenes' is missing"]
    with pytest.raises(ProductionError, match="field 'scenes': a film needs at least one scene"):
        parse_production({"title": "T", "scenes": []})


def test_a_form_has_no_lines() -> None:
    """Without a file an error names scene and field; with source and locate those too."""
    data = {"title": "T", "scenes": [{"id": "a", "prompt": "one", "duration": -1}]}
    with pytest.raises(ProductionError) as caught:
        parse_production(data)
    assert caught.value.problems[0].where == "scene 'a', field 'duration'"
    with pytest.raises(ProductionError) as caught:
        parse_production(data, source="form", locate={("scenes", 0): 7}.get)
    assert caught.value.problems[0].where == "form:7, scene 'a', field 'duration'"


def test_a_flood_of_problems_is_cut() -> None:
    """A hundred problems are told, and how many more there are."""
    with pytest.raises(ProductionError) as caught:
        parse_production({"title": "T", "scenes": [{"id": f"s{i}", "prompt": "x"} for i in range(150)]})
    assert len(caught.value.problems) == 101
    assert caught.value.problems[-1].message == "and 50 more problems"
