"""Settings files by the hundred, plausible and hostile, the same ones each time."""

from .configurations import COUNT, Configuration, configurations
from .passwords import loaded, with_passwords

__all__ = ["COUNT", "Configuration", "configurations", "loaded", "with_passwords"]
