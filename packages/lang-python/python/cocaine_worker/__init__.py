"""The worker kit of Cocaine's languages `python`, `python+json`, `python+wsgi` and `python+asgi`: standard library only."""

from .errors import Cancelled
from .job import Job

__all__ = ["Cancelled", "Job", "__version__"]
__version__ = "0.1.0"
