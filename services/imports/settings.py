"""Settings of an original: what was never changed here is taken, what was is left."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from typing import Any, cast

from sqlmodel import Session

from db.queries import config as queries
from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.imports.cells import Cells
from services.imports.layout import is_secret_name
from services.imports.trip import Secret, Taken, Taker, Trip
from services.imports.types import Fate
from services.settings import rules
from services.settings.types import AppSettings, Preferences

_HOMES = {  # where a secret of a setting is used here; any other is kept, and nothing uses it
    "web_search_exa_api_key": "app/web_search_exa_api_key",
}
_GATEWAY = frozenset(field.name for field in fields(AppSettings))


class AppSettingTaker(Taker):
    """Rows of llm_app_settings: known keys only."""

    table = "llm_app_settings"
    book = "gateway"

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return the name of the setting."""
        return (row.needed("key", 100),)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """Its value, where the setting here is still as the console began."""
        name = row.needed("key", 100)
        if is_secret_name(name):
            return _secret_taken(name, self.secrets(row))
        if name not in _GATEWAY:
            raise InputError("This console has no setting of that name")
        value, _ = row.parsed("value_json")
        wanted = _plain(getattr(rules.change_app_settings(AppSettings(), {name: value}), name))
        now, start = _plain(getattr(trip.app, name)), _plain(getattr(AppSettings(), name))
        if (taken := _compare(name, wanted, now, start)) is not None:
            return taken

        def write(session: Session) -> str:
            queries.write_app_settings(session, {name: wanted}, trip.now)
            return name

        return Taken(Fate.CHANGED, write=write)

    def secrets(self, row: Cells) -> Sequence[Secret]:
        """Return the value of a setting that is a key."""
        name = row.text("key", 100).strip()
        value = row.unmasked("value_json")
        if not is_secret_name(name) or not isinstance(value, str) or not value.strip():
            return ()
        return ((_home("llm_app_settings", name), value.strip()),)


class ConfigTaker(Taker):
    """The one row of dashboard_config, setting by setting."""

    table = "dashboard_config"
    book = "settings"

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return the one row's name."""
        if row.whole("id") not in (None, 1):
            raise InputError("Only row 1 is the configuration")
        return ("config",)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """The usable values of settings that are still as the console began."""
        stored, is_broken = row.parsed("config_json")
        if is_broken or not isinstance(stored, dict):
            raise InputError("It is no JSON object")
        known, reasons = self._known(cast("dict[str, Any]", stored))
        start, values = asdict(Preferences()), dict[str, Any]()
        for name, wanted in known.items():
            now = _plain(getattr(trip.preferences, name))
            if now != wanted and now == _plain(start[name]):
                values[name] = wanted
            elif now != wanted:
                reasons.append(_stays(name, now, wanted))
        if not values:
            return Taken(Fate.KNOWN, reasons, "1")
        reasons.insert(0, say("Taken: {names}", names=", ".join(sorted(values))))
        return Taken(Fate.CHANGED, reasons, write=partial(_merge, values, trip))

    def secrets(self, row: Cells) -> Sequence[Secret]:
        """Return every value under a name of a key."""
        stored = row.unmasked("config_json")
        if not isinstance(stored, dict):
            return ()
        items = cast("dict[str, Any]", stored).items()
        return [
            (_home("dashboard_config", name[:100]), value.strip())
            for name, value in items
            if is_secret_name(name) and isinstance(value, str) and value.strip()
        ]

    def _known(self, stored: Mapping[str, Any]) -> tuple[dict[str, Any], list[Message]]:
        """Return the usable values, and what is to be said of the others."""
        good: dict[str, Any] = {}
        reasons: list[Message] = []
        known = asdict(Preferences())
        for name, value in sorted(stored.items()):
            if is_secret_name(name):
                reasons.append(_kept_aside(name))
            elif name not in known:
                reasons.append(say("There is no setting {name} here", name=name[:60]))
            else:
                try:
                    checked = rules.change_preferences(Preferences(), {name: value})
                except InputError as error:
                    reasons.append(say("{name}: {reason}", name=name, reason=str(error)))
                else:
                    good[name] = _plain(getattr(checked, name))
        return good, reasons


def _merge(values: Mapping[str, Any], trip: Trip, session: Session) -> str:
    queries.merge_config(session, values, trip.now)
    return "1"


def _compare(name: str, wanted: Any, now: Any, start: Any) -> Taken | None:
    """Return why nothing is to be done; None where the value is to be taken."""
    if now == wanted:
        return Taken(Fate.KNOWN, local_key=name)
    return Taken(Fate.KNOWN, [_stays(name, now, wanted)], name) if now != start else None


def _stays(name: str, now: Any, wanted: Any) -> Message:
    return say(
        "{name} was set to {here} here and stays; the file has {there}",
        name=name,
        here=str(now)[:80],
        there=str(wanted)[:80],
    )


def _secret_taken(name: str, secrets: Sequence[Secret]) -> Taken:
    if not secrets:
        return Taken(Fate.KNOWN, [say("It is empty")], name)
    reasons = [] if name in _HOMES else [_kept_aside(name)]
    return Taken(Fate.KNOWN, reasons, name)


def _kept_aside(name: str) -> Message:
    return say("{name} is a key: it is in the secret store, nothing here uses it", name=name[:60])


def _home(table: str, name: str) -> str:
    return _HOMES.get(name, f"import/{table}/{name}")


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
