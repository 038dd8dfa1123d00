"""New productions: every prompt stands in the file as it was given, and what cannot be made is told with its line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from studio.errors import BadInput, ProductionError
from studio.production import load_production
from studio.production.invisible import is_invisible
from studio.production.prompt_list import ListedScene, prompts_in
from studio.production.scaffold import Begun, Scaffold, begun, from_prompts, from_template, place_for, put
from studio.production.slugs import short_name
from studio.production.templates import TEMPLATES, template
from studio.production.variations import load_variations
from studio.production.yaml_text import prose, scalar

LETTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029")
MARKS = st.text(alphabet=" :#-'\"\\{}[]&*!|>%@`,?~=.\u200d\ufeff\u201c\u2019\U0001f469אב日é1ayn", max_size=40)
PROMPTS = st.one_of(MARKS, st.text(alphabet=LETTERS, max_size=40), st.lists(MARKS, max_size=12).map(" ".join))


def listed(content: str | bytes, name: str = "p.txt") -> list[dict[str, str]]:
    raw = content if isinstance(content, bytes) else content.encode()
    return [dict(scene.fields) for scene in prompts_in(raw, name)]


def prompts(content: str | bytes, name: str = "p.txt") -> list[str]:
    return [fields["prompt"] for fields in listed(content, name)]


def told(content: str | bytes, name: str = "p.txt", **options: object) -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    try:
        from_prompts(prompts_in(raw, name), name, begun("A Film", options), Path("a-film.yaml"))
    except BadInput as error:
        return str(error)
    return "no error"


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(PROMPTS, st.text(alphabet=LETTERS, max_size=30))
@example("- a dash", "no")
@example("{{ a }} {{{b}}} \\{{c}} \\\\{{", "{{ title }}")
@example("key: value # comment", "A: B # C")
@example("'it''s' \"said\"", "'x'")
@example("“curly”", "1984")
@example("1.10", "1.10")
@example("word " * 60, "x" * 200)
@example("# " * 60, "#")
@example("\ufffe\U0010fffe \ue0f0", "\ue0f1")
def test_a_prompt_is_read_as_it_was_given(prompt: str, title: str) -> None:
    """Whatever letters a prompt and a title have, the file has them, and other readers of YAML find the same."""
    prompt, title = " ".join(prompt.split()), " ".join(title.split())
    seen = [text for text in (prompt, title) if any(c != " " and not is_invisible(c) for c in text)]
    if len(prompt) < 3 or len(seen) < 2:
        return
    scenes = (ListedScene(1, {"id": "a", "prompt": prompt}), ListedScene(2, {"id": "b", "prompt": f"again {prompt}"}))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "film.yaml"
        put(from_prompts(scenes, "list", Begun(title), file))
        film = load_production(file)
        assert (film.title, [scene.prompt for scene in film.scenes]) == (title, [prompt, f"again {prompt}"])
        if "\ufeff" not in prompt + title:
            plain = yaml.safe_load(file.read_text("utf-8"))
            assert plain["scenes"][0]["prompt"].replace("\\{{", "{{") == prompt


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.sampled_from(["p.txt", "p.csv", "p.tsv", "p.json", "p.yaml", "standard input"]))
@example(b"\xff\xfea\x00", "p.txt")
@example(b'["a", ["b"]]', "p.json")
@example(b"a: &b [*b]", "p.yaml")
def test_any_bytes_are_prompts_or_one_error(raw: bytes, name: str) -> None:
    """A list that cannot be read is a ProductionError, whatever it is."""
    try:
        found = prompts_in(raw, name)
    except ProductionError:
        return
    assert found
    assert len({scene.fields["id"] for scene in found}) == len(found)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a cat\n\n# not this\n  a dog  \n", ["a cat", "a dog"]),
        ("\ufeffa cat\r\na  dog\ra bird", ["a cat", "a dog", "a bird"]),
        ("a cat\na dog".encode("utf-16"), ["a cat", "a dog"]),
        ("1. a cat\n2. a dog", ["a cat", "a dog"]),
        ("1) a cat\n\n10) a dog", ["a cat", "a dog"]),
        ("- a cat\n- a dog", ["a cat", "a dog"]),
        ("• a cat\n• a dog", ["a cat", "a dog"]),
        ("- a cat\na dog", ["- a cat", "a dog"]),
        ("1. a cat\n- a dog", ["1. a cat", "- a dog"]),
        ("1984 was cold\n2001 was warm", ["1984 was cold", "2001 was warm"]),
        ("\u200ba cat\u00a0", ["a cat"]),
    ],
)
def test_lines(content: str | bytes, found: list[str]) -> None:
    """A prompt a line; marks of a list go only where every line has one."""
    assert prompts(content) == found


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("prompt,duration\na cat,7.5\na dog,\n", "p.csv"),
        ("\ufeffDuration;Prompt;x-who\r\n7,5;a cat;Bo\r\n;a dog;\r\n", "p.csv"),
        ("prompt\tduration\na cat\t7.5\na dog\t\n", "p.tsv"),
        ("prompt\tduration\na cat\t7.5\na dog\t\n", "standard input"),
        ("prompt\tduration\na cat\t7.5\na dog\t\n".encode("utf-16"), "p.txt"),
        ('[{"prompt": "a cat", "duration": 7.5}, {"prompt": "a dog", "duration": null}]', "p.json"),
        ('[{"prompt": "a cat", "duration": 7.5}, {"prompt": "a dog"}]', "p.json"),
    ],
)
def test_tables(content: str | bytes, name: str) -> None:
    """A shot list of a spreadsheet: its columns are fields of scenes, an empty cell is no field."""
    assert listed(content, name) == [
        {"id": "cat", "prompt": "a cat", "duration": "7.5"}, {"id": "dog", "prompt": "a dog"},
    ]  # fmt: skip


def test_a_list_in_json() -> None:
    """A list of texts alone is a list of prompts, too."""
    assert prompts('["a cat", "a\\ndog"]', "p.json") == ["a cat", "a dog"]
    assert prompts("- a cat\n- a dog\n", "p.yaml") == ["a cat", "a dog"]


def test_names_of_scenes() -> None:
    """Each scene is named by its prompt's first words; a name that is taken, or none, gets a number."""
    found = listed("A woman walks in\nthe woman walks in\n日本\nCON\nÉmile's café\nx\n")
    names = ["woman-walks-in", "woman-walks-in-2", "scene-3", "scene-4", "emiles-cafe", "x"]
    assert [fields["id"] for fields in found] == names
    assert [f["id"] for f in listed("id,prompt\nDog-runs,a cat\n,dog runs\n", "p.csv")] == ["Dog-runs", "dog-runs-2"]
    assert short_name("the") == "the"
    assert len(short_name("word" * 50)) == 32


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("", "p.txt", "p.txt: is empty"),
        ("# a\n", "p.txt", "p.txt: has no prompt"),
        (b"\x89PNG\0\0", "p.txt", "p.txt: is not text: it has NUL bytes"),
        (b"a cat\ncaf\xe9\n", "p.txt", "p.txt:2: is not UTF-8 text"),
        ("a cat\nan \x1b[0m dog\n", "p.txt", "p.txt:2, scene '0m-dog', field 'prompt': has a character that cannot be"),
        ("a cat\nab\n", "p.txt", "p.txt:2, scene 'ab', field 'prompt': has 2 characters"),
        (f"a cat\n{'x' * 5001}", "p.txt", "and 5000 are the most"),
        ("a cat\n" * 2001, "p.txt", "p.txt: has 2001 prompts, more than 2000"),
        ("word " * 900 + "\n" + f"{'word ' * 900}\n" * 300, "p.txt", "becomes a production of more than 1 MB"),
        ("promt\na cat\n", "p.csv", "column 'promt': is no field of a scene\n  → did you mean 'prompt'?"),
        ("shot,prompt\n1,a cat\n", "p.csv", "name it x-shot, as a note for people"),
        ("duration\n5\n", "p.csv", "p.csv:1: has no column 'prompt'"),
        ("prompt,duration\na cat,long\n", "p.csv", "p.csv:2, scene 'cat', field 'duration': expected seconds"),
        ("prompt,continue from\na cat,dog\n", "p.csv", "p.csv:2, scene 'cat'"),
        ("prompt\n", "p.csv", "p.csv: has no rows"),
        ("prompt\na cat, asleep\n", "p.csv", "a text with the separator in it needs double quotes"),
        ('prompt\na cat\n"a dog\na bird\n', "p.csv", "p.csv:3: is not valid CSV: unexpected end of data\n  → close"),
        ("a cat sits\na dog runs\n", "p.csv", "names no column 'prompt'\n  → write the names of the columns into it"),
        ("{", "p.json", "p.json:1: cannot be read: expected the node content, but found '<stream end>'\n  → correct"),
        ('[{"prompt": "a cat"},\n{"prompt": "a dog"', "p.json", "p.json:2: the bracket { that opens there"),
        ('- prompt: "a cat\n- prompt: a dog\n', "p.yaml", 'p.yaml:1: the quote " that opens there is not closed'),
        ("- a cat\n  - b: : c\n", "p.yaml", "p.yaml:2: cannot be read"),
        ('{"scenes": [{"prompt": "a cat"}]}', "p.json", "is no list of prompts\n  → keep the list in 'scenes' alone"),
        ('{"prompt": "a cat"}', "p.json", "p.json: is no list of prompts\n  → write a list of texts, or of mappings"),
        ("[]", "p.json", "p.json: has no prompts\n  → write a list of texts"),
        ('["a cat",\n{"prompt": "a dog"}]', "p.json", "p.json:1: is no mapping with a prompt\n  → write {"),
        ("- prompt: a cat\n  promt: a dog\n", "p.yaml", "p.yaml:2, column 'promt': is no field of a scene"),
        ('[{"prompt": "a cat"},\n{"duration": 5}]', "p.json", "p.json:2, scene 'scene-2': 'prompt' is missing"),
    ],
)
def test_what_cannot_be_made(content: str | bytes, name: str, said: str) -> None:
    """One error with file and line, and what to do."""
    assert said in told(content, name)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "ray2"}, "option model: 'ray2' is not possible"),
        ({"budget": "a lot"}, "option budget: expected an amount"),
        ({"aspect_ratio": "2:1"}, "option aspect_ratio: '2:1' is not possible"),
        ({"duration": "0"}, "option duration: 0 seconds"),
        ({"model": "ray-3", "resolution": "4k"}, "ray-3 makes no 4k"),
    ],
)
def test_options_that_cannot_be(options: dict[str, str], said: str) -> None:
    """The options are checked before any list is read, and an error names the option."""
    assert said in told("a cat\n", **options)


@pytest.mark.parametrize("title", ["", " ", "\u200b", "a\x00b", "x" * 201])
def test_titles_that_cannot_be(title: str) -> None:
    """A title with nothing in it, with a control character, or too long."""
    with pytest.raises(BadInput, match=r"^title: "):
        begun(title, {})


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "!!!", "C:\\a", "CON", "日本", "a\nb", "x" * 200, "-n", "# a: {{ b }}"]
)
def test_titles_that_work(title: str, workplace: Path) -> None:
    """Any other title names a file in the working folder, and is in the film as it was given."""
    asked = begun(title, {})
    made = from_template(template("film"), asked, place_for(asked, None))
    (file,) = put(made)
    assert file.parent == Path()
    assert load_production(file).title == " ".join(title.split())


@pytest.mark.parametrize("name", [one.name for one in TEMPLATES])
def test_each_template(name: str, workplace: Path) -> None:
    """A template is a production with a budget and no notes, from an empty folder, whatever its file is called."""
    asked = begun("Ann's Film: 1", {"model": "ray-2", "budget": "$40", "style": "calm # and: warm", "chain": False})
    (workplace / "odd # folder").mkdir()
    for out in (None, Path("odd # folder") / "a 'b'.yaml"):
        made = from_template(template(name), asked, place_for(asked, out))
        files = put(made)
        assert files[-1] == made.file
        text = made.file.read_text("utf-8")
        assert "My Film" not in text
        assert "my-film" not in text
        table = (
            [row.production for row in load_variations(made.file, made.file.with_name(made.table))]
            if made.table
            else []
        )
        for film in table or [load_production(made.file)]:
            assert film.title.startswith("Ann's Film: 1")
            assert (film.model, film.budget, film.notes) == ("ray-2", 40, ())
            assert film.scenes[0].style == "calm # and: warm"
            assert len(film.scenes) == made.scenes


@pytest.mark.parametrize("name", [one.name for one in TEMPLATES])
def test_a_length_for_a_template(name: str, workplace: Path) -> None:
    """Every scene has the length that was asked for; where they are as long as their narration, it is refused."""
    asked = begun("A Film", {"duration": "8"})
    if name == "narrated":
        with pytest.raises(BadInput, match="option duration: the scenes of this template are as long as their narra"):
            from_template(template(name), asked, place_for(asked, None))
        return
    made = from_template(template(name), asked, place_for(asked, None))
    put(made)
    if made.table:
        films = [row.production for row in load_variations(made.file, made.file.with_name(made.table))]
    else:
        films = [load_production(made.file)]
    assert {film.duration_of(scene) for film in films for scene in film.scenes} == {8}


def test_templates_are_the_files_of_their_folder(root: Path) -> None:
    """No file is left over; pictures and music are those of the examples."""
    folder = root / "studio" / "production" / "templates"
    named = {f"{one.name}.yaml" for one in TEMPLATES} | {file for one in TEMPLATES for file in one.beside}
    assert {path.name for path in folder.iterdir() if path.suffix not in (".py", "")} == named
    examples = root / "productions" / "examples"
    assert (folder / "music.ogg").read_bytes() == (examples / "music.ogg").read_bytes()
    assert (folder / "face.jpg").read_bytes() == (examples / "maya-face.jpg").read_bytes()
    assert '"production/templates/*"' in (root / "pyproject.toml").read_text("utf-8")


def test_nothing_is_overwritten_or_half_written(workplace: Path) -> None:
    """A file that is there stays; where one file of several cannot be written, none is there."""
    asked = begun("My Ad", {})
    made = from_template(template("ad"), asked, place_for(asked, None))
    (workplace / "my-ad-music.ogg").write_bytes(b"mine")
    with pytest.raises(BadInput, match=r"my-ad-music\.ogg: is there already, and is not overwritten"):
        put(made)
    assert [path.name for path in workplace.iterdir()] == ["my-ad-music.ogg"]
    (workplace / "my-ad-music.ogg").unlink()
    put(made)
    with pytest.raises(BadInput, match=r"my-ad\.yaml: is there already"):
        place_for(asked, None)
    (workplace / "my-ad.yaml").unlink()
    assert len(put(made)) == 2  # its own music, which is there, is used
    with pytest.raises(BadInput, match="nothing can be written there: File name too long"):
        put(Scaffold(Path(f"{'x' * 300}.yaml"), "title: x\n", 1, {"other.ogg": b"1"}))
    assert not (workplace / "other.ogg").exists()


@pytest.mark.parametrize("out", ["x.txt", "x", "x.json", "none/x.yaml", f"{'x' * 300}.yaml"])
def test_files_that_cannot_be(out: str, workplace: Path) -> None:
    """A new production is a .yaml file in a folder that is there."""
    with pytest.raises(BadInput, match="option out: "):
        place_for(begun("A", {}), Path(out))


def test_a_folder_for_it(workplace: Path) -> None:
    """A folder takes a file with the film's own name."""
    (workplace / "films").mkdir()
    assert place_for(begun("My Film", {}), Path("films")) == Path("films/my-film.yaml")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a cat", "a cat"),
        ("it's 5 o'clock", "it's 5 o'clock"),
        ("rain: cold", '"rain: cold"'),
        ('"a": b', "'\"a\": b'"),
        ("cat #1", '"cat #1"'),
        ("- a", '"- a"'),
        ("yes", '"yes"'),
        ("16:9", '"16:9"'),
        ("", '""'),
    ],
)
def test_quotes_are_written_where_they_are_needed(text: str, written: str) -> None:
    """Plain where YAML reads it so; else in double quotes, or in single ones around double ones."""
    assert scalar(text) == written


def test_a_long_text_is_folded() -> None:
    """A prompt that is longer than a line stands below its field, in lines."""
    lines = list(prose("prompt", "a quiet harbour: " * 12, 4))
    assert lines[0] == "    prompt: >-"
    assert len(lines) > 2
    assert max(map(len, lines)) <= 100
