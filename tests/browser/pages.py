"""The pages of Prefect's UI as a person uses them, in both of its versions: forms, runs, artifacts, answers.

A field is found by its title, whichever way a version draws it; ``nth`` counts the fields of one title from the top of
the form. Nothing here sleeps: every step waits for what it needs.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from pathlib import Path

from playwright.sync_api import Locator, Page, Response, TimeoutError, expect

from tests.support.deployed import PATIENCE, Place

#: The pictures of the UI in docs/pictures, which the tests here make.
PICTURES = ("prefect-form", "prefect-run", "prefect-approval", "prefect-film")


class Ui(ABC):
    """One version of the UI, in one browser window."""

    name: str
    base: str  # its path on the server
    nothing_chosen: str  # what a closed list shows then

    def __init__(self, page: Page, site: Place) -> None:
        self.page, self.site = page, site

    # Forms

    def open_form(self, deployment: str) -> None:
        """Open the form of a deployment of ``produce``, or of ``FLOW/DEPLOYMENT``."""
        path = deployment if "/" in deployment else f"produce/{deployment}"
        found = self.site.ask("GET", f"/deployments/name/{path}")["id"]
        self._go(f"/deployments/deployment/{found}/run")
        self.submit_button.wait_for()

    def write(self, title: str, text: str, nth: int = 0) -> None:
        """Write into the field of text or of a number."""
        box = self.field(title, nth).locator("textarea, input").first
        box.fill(text)
        expect(box).to_have_value(text)

    def value(self, title: str, nth: int = 0) -> str:
        """The text in a field."""
        return self.field(title, nth).locator("textarea, input").first.input_value()

    def choose(self, title: str, option: str, nth: int = 0) -> None:
        """Choose from a closed list."""
        field = self.field(title, nth)
        self._open(self._list(field))
        self._option(option).dispatch_event("click")  # wherever the list has room on the page
        expect(self._list(field)).to_have_text(option or self.nothing_chosen)

    @property
    def run_name(self) -> Locator:
        """The field of the run's name."""
        return self.page.locator("input").first

    @property
    def submit_button(self) -> Locator:
        return self.page.get_by_role("button", name="Submit", exact=True)

    def submit(self) -> str:
        """Submit the form. The new run's id.

        Not after ``refused``: after an error the second version only validates at the next click, and sends at the one
        after that. Open the form anew.
        """
        return str(self._sent("/create_flow_run", self.submit_button).json()["id"])

    def refused(self, title: str, nth: int = 0) -> str:
        """Submit a form that is refused. What is told at a field."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/ui/schemas/validate")):
            self.submit_button.click()
        told = self._told(self.field(title, nth))
        told.wait_for()
        return told.inner_text().strip()

    # Runs

    def open_run(self, run: str) -> None:
        self._go(f"/runs/flow-run/{run}")

    def until(self, state: str) -> None:
        """Wait until the run that is open is in a state, such as Completed, as the page shows it."""
        self.page.get_by_text(state, exact=True).first.wait_for()

    def open_artifact(self, run: str, key: str, words: str) -> None:
        """Open an artifact of a run, and wait for words of it. Its tab lists only those that fit the window."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [run]}, "key": {"any_": [key]}}}
        (found, *_) = self.site.ask("POST", "/artifacts/filter", json=wanted)
        self._go(f"/artifacts/artifact/{found['id']}")
        expect(self.page.locator("body")).to_contain_text(words)

    def copy(self) -> None:
        """Copy the run that is open to a new one: its form, with the parameters of this one."""
        self._menu()
        self.page.get_by_text("Copy to new run", exact=True).click()
        self.submit_button.wait_for()

    # What differs

    @abstractmethod
    def field(self, title: str, nth: int = 0) -> Locator:
        """A field with its title, its description, its input and what is told about it."""

    @abstractmethod
    def tab(self, title: str, name: str, nth: int = 0) -> None:
        """Choose one of the ways in which a field can be given."""

    @abstractmethod
    def add(self, title: str, nth: int = 0) -> None:
        """Add an item to a list."""

    def begin_answer(self) -> None:
        """Open the form of a run that waits for an answer; its fields are filled like those of any form.

        A busy server's 503 leaves a dialog without its fields for good, so that the page is loaded again then.
        """
        end = time.monotonic() + PATIENCE
        while True:
            self._resume()
            try:
                self._question().wait_for(timeout=PATIENCE * 1000 / 10)
            except TimeoutError:
                if time.monotonic() > end:
                    raise
                self.page.reload()
            else:
                return

    @abstractmethod
    def answer(self) -> None:
        """Submit the answer, so that the run goes on."""

    @abstractmethod
    def _resume(self) -> None: ...

    @abstractmethod
    def _question(self) -> Locator: ...

    @abstractmethod
    def _list(self, field: Locator) -> Locator: ...

    @abstractmethod
    def _open(self, choices: Locator) -> None: ...

    @abstractmethod
    def _option(self, option: str) -> Locator: ...

    @abstractmethod
    def _told(self, field: Locator) -> Locator: ...

    @abstractmethod
    def _menu(self) -> None: ...

    def _go(self, path: str) -> None:
        self.page.goto(f"{self.site.url}{self.base}{path}")

    def _sent(self, path: str, button: Locator) -> Response:
        """The server's answer to what a button sends; sent again while its database is busy, as a person would."""
        end = time.monotonic() + PATIENCE
        while True:
            with self.page.expect_response(lambda answer: answer.url.endswith(path)) as answered:
                button.click()
            answer = answered.value
            if answer.status != 503 or time.monotonic() > end:
                assert answer.ok, answer.text()
                return answer

    def picture(self, folder: Path | None, name: str) -> None:
        """Save what is seen, if pictures are asked for."""
        if folder is not None:
            assert name in PICTURES
            self.page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")


def _titled(title: str) -> str:
    return f'(normalize-space()="{title}" or normalize-space()="{title} (Optional)")'


def _nearest(word: str) -> str:
    return f"ancestor::div[contains(concat(' ', @class, ' '), ' {word} ')][1]"


class First(Ui):
    """The first version, at ``/``."""

    name, base, nothing_chosen = "v1", "", ""

    def field(self, title: str, nth: int = 0) -> Locator:
        label = f"//span[contains(@class, 'schema-form-property__label') and {_titled(title)}]"
        return self.page.locator(f"xpath={label}/{_nearest('schema-form-property')}").nth(nth)

    def tab(self, title: str, name: str, nth: int = 0) -> None:
        tab = self.field(title, nth).locator(".p-button-group").first.get_by_role("button", name=name, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")

    def add(self, title: str, nth: int = 0) -> None:
        self.field(title, nth).locator(".p-draggable-list__create-button").last.click()

    def _resume(self) -> None:
        self.page.get_by_role("button", name="Resume", exact=True).click()

    def _question(self) -> Locator:
        return self.page.locator(".p-modal__card .schema-form-properties")

    def answer(self) -> None:
        self._sent("/resume", self.page.locator(".p-modal__footer").get_by_role("button", name="Submit", exact=True))

    def _list(self, field: Locator) -> Locator:
        return field.locator(".p-select-button__control").first

    def _open(self, choices: Locator) -> None:
        choices.press("ArrowDown")  # a list that a click on its text has opened is closed again by the same click

    def _option(self, option: str) -> Locator:
        return self.page.locator(".p-select-option").filter(has_text=re.compile(rf"^\s*{re.escape(option)}\s*$"))

    def _told(self, field: Locator) -> Locator:
        return field.locator(".p-label__message, .p-message").first

    def _menu(self) -> None:
        self.page.locator(".page-heading .p-icon-button-menu button, .p-icon-button-menu button").first.click()


class Second(Ui):
    """The second version, at ``/v2``."""

    name, base, nothing_chosen = "v2", "/v2", "Select"

    def field(self, title: str, nth: int = 0) -> Locator:
        return self.page.locator(f"xpath=//label[@data-slot='label' and {_titled(title)}]/{_nearest('group')}").nth(nth)

    def tab(self, title: str, name: str, nth: int = 0) -> None:
        tab = self.field(title, nth).get_by_role("tab", name=name, exact=True).first
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")

    def add(self, title: str, nth: int = 0) -> None:
        self.field(title, nth).get_by_role("button", name="Add item", exact=True).last.click()

    def _resume(self) -> None:
        self._menu()
        self.page.get_by_role("menuitem", name="Resume", exact=True).click()

    def _question(self) -> Locator:
        return self.page.get_by_role("dialog").locator("label").first

    def answer(self) -> None:
        self._sent("/resume", self.page.get_by_role("dialog").get_by_role("button", name="Resume", exact=True))

    def _list(self, field: Locator) -> Locator:
        return field.locator("button[aria-haspopup=listbox]").first

    def _open(self, choices: Locator) -> None:
        choices.click()

    def _option(self, option: str) -> Locator:
        return self.page.get_by_role("option", name=option, exact=True)

    def _told(self, field: Locator) -> Locator:
        return field.locator("p.text-destructive, ul.text-destructive").last

    def _menu(self) -> None:
        self.page.locator("button[aria-haspopup=menu]").last.click()
