"""A page in a real browser."""

from dataclasses import dataclass, field

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESK = {"width": 1200, "height": 900}


@dataclass
class Visit:
    """A page that is open in a browser, offline, and what it asked for and complained about."""

    page: object
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """The visible texts of elements."""
        return self.page.locator(selector).all_inner_texts()

    def column(self, number: int) -> list[str]:
        """A column of the table of scores."""
        return self.texts(f"#scores tbody td:nth-child({number})")

    def focused(self) -> str:
        """The text of the element that has the focus."""
        return self.page.evaluate("document.activeElement.textContent")
