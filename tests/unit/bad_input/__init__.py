"""Settings files with one mistake each, by subject, and what has to be said of it."""

from . import accounts, form, metrics, network, pods, sign_on, storage
from .case import HERE, Bad, error_of

SUBJECTS = (form.BAD, accounts.BAD, pods.BAD, storage.BAD, network.BAD, metrics.BAD, sign_on.BAD)

__all__ = ["HERE", "SUBJECTS", "Bad", "error_of"]
