"""Stands in for services that are not written yet, so that those that are can be tried over the wire."""

import asyncio
import importlib
import importlib.util
import sys
import types
from typing import Any

_PACKAGE = "cmk_admin.sandbox"


async def _idle(_: Any) -> None:
    await asyncio.Event().wait()


def stand_in() -> None:
    """Put an empty module in the place of each that is missing."""
    services = importlib.import_module(f"{_PACKAGE}.services")
    for name in ("scenarios", "life", *(f"services.{service}.routes" for service in services.NAMES)):
        full = f"{_PACKAGE}.{name}"
        module = importlib.import_module(full) if importlib.util.find_spec(full) else None
        if module is not None and not (name == "scenarios" and not hasattr(module, "lay")):
            continue
        module = types.ModuleType(full)
        module.__dict__.update(register=lambda routes: None, run=_idle, lay=None, truth=None)
        sys.modules[full] = module
        parent, _, leaf = full.rpartition(".")
        setattr(importlib.import_module(parent), leaf, module)
