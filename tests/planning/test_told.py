"""Notes of a plan on what is added to prompts, what is not, and loops that are cut."""

from __future__ import annotations

from tests.support.planned import MAYA, film, plan, scene


def notes(*scenes: dict[str, object], **fields: object) -> str:
    """The notes of a plan, as one text."""
    return "\n".join(map(str, plan(film(*scenes, **fields)).notes))


def test_camera_in_free_words_is_told_once() -> None:
    """The words are named with their scenes, and are in the prompt that is sent."""
    drawn = plan(film(scene("a", camera="slow push in from behind"), scene("b", camera=["push_in", "in one take"])))
    told = "\n".join(map(str, drawn.notes))
    assert "scene 'a': the camera's 'slow push in from behind' is no concept, and is told in the prompt" in told
    assert drawn.shot("a").prompt == drawn.shot("a").request["prompt"] == "what is seen in a, slow push in from behind"
    assert (drawn.shot("b").prompt, drawn.shot("b").options.camera) == ("what is seen in b, in one take", ("push_in",))
    assert "told in the prompt" not in notes(scene("a", camera="push_in"))


def test_a_style_is_told_with_a_prompt_as_it_is_sent() -> None:
    """The scenes that have it, one of their prompts as sent, and the scenes without."""
    told = notes(scene("a"), scene("b"), scene("c", style="none"), style="35mm film")
    assert (
        "the style is added to the prompts of scenes 'a', 'b'; 'a' is asked for as: what is seen in a, 35mm film"
        in told
    )
    assert "scene 'c': no style is added" in told
    assert "style" not in notes(scene("a"))


def test_the_words_of_a_character_do_not_go_along() -> None:
    """A chain with a character says that the description is in the still's prompt alone, which is so."""
    chains = [{"scenes": ["a", "b"], "character": "maya"}]
    drawn = plan(film(scene("a"), scene("b"), characters=[MAYA], chains=chains))
    assert "red scarf" in drawn.shot("a.still").prompt
    assert "red scarf" not in drawn.shot("a").prompt + drawn.shot("b").prompt
    told = "\n".join(map(str, drawn.notes))
    assert "scene 'b' continues other clips with 'maya': the description is in the prompts of stills alone" in told
    assert "go along" not in notes(scene("a", character="maya"), characters=[MAYA])


def test_a_loop_shorter_than_its_clip_is_bought_whole_and_cut() -> None:
    """The purchase is that of the whole loop; the film's part is cut, and the plan says that it loops no more."""
    cut, whole = plan(film(scene("a", loop=True, duration=3))), plan(film(scene("a", loop=True, duration=5)))
    assert [s.key for s in cut.shots] == [s.key for s in whole.shots]
    assert (cut.cuts[0].frames, cut.cuts[0].repeat, whole.cuts[0].frames) == (72, False, None)
    assert "its loop is bought whole, 5 s, and cut to 3 s" in "\n".join(map(str, cut.notes))
    assert "bought whole" not in "\n".join(map(str, whole.notes))
    between = plan(film(scene("a", loop=True, duration=7)))
    assert (between.shot("a").seconds, between.cuts[0].frames) == (9, 168)
