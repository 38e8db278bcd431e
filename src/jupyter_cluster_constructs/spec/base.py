"""What every group of settings has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Frozen settings: an unknown key or a value of another type is an error, and no error repeats the input."""

    # Validators are made when they are first needed: those of the parts are within the whole's, too.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True)
