"""A page of the browser under watch."""

from __future__ import annotations

from playwright.sync_api import Browser, Dialog, Page

DEADLINE_MS = 15_000


class Watched:
    """A page of the browser with every address it asked for, and what a script would have left behind."""

    def __init__(self, browser: Browser, *, scripts: bool, width: int = 1280) -> None:
        self.context = browser.new_context(
            java_script_enabled=scripts, viewport={"width": width, "height": 800}
        )
        self.context.set_default_timeout(DEADLINE_MS)
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.context.on("dialog", self._dismiss)
        self.page: Page = self.context.new_page()

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
