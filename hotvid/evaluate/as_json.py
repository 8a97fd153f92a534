"""Results as JSON text that strict readers take."""

from __future__ import annotations

import json
import math
from typing import Any


def as_json(found: Any) -> str:
    """Indented JSON with null for numbers that are none: JSON knows neither NaN nor infinity."""
    return json.dumps(finite(found), indent=2, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """Plain values, however nested, with None for numbers that are none."""
    if isinstance(value, dict):
        return {name: finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
