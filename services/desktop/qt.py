"""Qt: what a Qt window of ours does beyond pywebview's: clipboard, downloads, links, title, place."""

import webbrowser
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from services.desktop.types import Place

_LANGUAGES = {"zh": "zh-CN,zh;q=0.9,en;q=0.5", "en": "en-US,en;q=0.9,zh;q=0.5"}
_WEB = ("http", "https", "mailto")


class QtWindow:
    """The Qt side of a pywebview window; made on its thread, which is the only one to call it."""

    def __init__(self, view: Any, url: str, language: str) -> None:
        """Dress the window that is about to be shown."""
        # The extra is optional, so neither the type checker nor an import may need it.
        self._core: Any = import_module("qtpy.QtCore")
        self._widgets: Any = import_module("qtpy.QtWidgets")
        web: Any = import_module("qtpy.QtWebEngineCore")
        self._view = view
        self._site = urlsplit(url).netloc
        page = view.webview.page()
        profile = page.profile()
        profile.setHttpAcceptLanguage(_LANGUAGES.get(language, _LANGUAGES["en"]))
        profile.downloadRequested.connect(self._download)
        clipboard = web.QWebEngineSettings.WebAttribute.JavascriptCanAccessClipboard
        profile.settings().setAttribute(clipboard, True)  # Qt's
        page.navigationRequested.connect(self._navigate)
        view.webview.titleChanged.connect(self._name)

    def place(self) -> Place:
        """Return where the window stands, unmaximized."""
        view = self._view
        if view.isMaximized():
            inner = view.normalGeometry()
            corner = inner.topLeft()
        else:
            inner = view.geometry()
            corner = view.frameGeometry().topLeft()
        return Place(inner.width(), inner.height(), corner.x(), corner.y(), view.isMaximized())

    def lift(self) -> None:
        """Bring the window before the others; may be called from any thread."""
        self._view.create_window_trigger.emit(self._lift)  # runs what it is given on Qt's thread

    def _lift(self) -> None:
        view, minimized = self._view, self._core.Qt.WindowState.WindowMinimized
        view.setWindowState(view.windowState() & ~minimized)
        view.show()
        view.raise_()
        view.activateWindow()

    def _name(self, title: str) -> None:
        if title and not title.startswith(("http", self._site)):
            self._view.setWindowTitle(title)

    def _navigate(self, request: Any) -> None:
        """Leave the window to our pages; the rest of the web opens in the system's browser."""
        url = request.url()
        if url.scheme() not in _WEB or f"{url.host()}:{url.port()}" == self._site:
            return
        request.reject()
        if request.isMainFrame():
            webbrowser.open(str(url.toString()))

    def _download(self, download: Any) -> None:
        """Ask where to save it, in the system's folder for downloads first."""
        paths = self._core.QStandardPaths
        folder = Path(paths.writableLocation(paths.StandardLocation.DownloadLocation) or "")
        if not folder.is_absolute() or not folder.is_dir():
            folder = Path.home()
        wanted = folder / Path(download.downloadFileName()).name
        chosen = str(self._widgets.QFileDialog.getSaveFileName(self._view, "", str(wanted))[0])
        if not chosen:
            download.cancel()
            return
        target = Path(chosen)
        download.setDownloadDirectory(str(target.parent))
        download.setDownloadFileName(target.name)
        download.accept()
