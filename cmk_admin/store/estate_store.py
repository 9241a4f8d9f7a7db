"""The estate that was read last, kept for each account, so that the next start shows it at once with its age."""

import json
import logging
import re
import zlib
from pathlib import Path
from typing import Any

from cmk_admin.domain.model import Estate
from cmk_admin.runtime.paths import private_folder, write_private
from cmk_admin.store.codec import decoder, encoder, fingerprint

_log = logging.getLogger(__name__)
_MAGIC = b"cmk-admin estate\n"
_LAYOUT = 1


class EstateStore:
    """One compressed file for each account in a connection's folder. Blocking: call it from a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "estates"

    def save(self, estate: Estate) -> None:
        """Keep this one instead of what was kept for its account. Raises OSError."""
        encode = encoder(Estate)
        assert encode is not None
        document = {"layout": _LAYOUT, "shape": fingerprint(Estate), "estate": encode(estate)}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        private_folder(self._folder)
        write_private(self._path(estate.account.object_id), _MAGIC + zlib.compress(text.encode(), level=1))

    def load(self, object_id: str) -> Estate | None:
        """What was kept for that account; None where nothing was, or nothing that this version can read."""
        try:
            data = self._path(object_id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            _log.warning("the saved estate cannot be read", exc_info=True)
            return None
        try:
            return _decode(data)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, zlib.error):
            _log.warning("the saved estate is damaged or of another version and is not used", exc_info=True)
            return None

    def _path(self, object_id: str) -> Path:
        return self._folder / f"{re.sub(r'[^0-9A-Za-z-]', '_', object_id)}.estate"


def _decode(data: bytes) -> Estate:
    if not data.startswith(_MAGIC):
        raise ValueError("not an estate")
    document: Any = json.loads(zlib.decompress(data[len(_MAGIC) :]))
    if document["layout"] != _LAYOUT or document["shape"] != fingerprint(Estate):
        raise ValueError("another layout")
    decode = decoder(Estate)
    assert decode is not None
    estate = decode(document["estate"])
    assert isinstance(estate, Estate)
    return estate
