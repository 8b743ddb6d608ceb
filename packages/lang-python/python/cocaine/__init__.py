"""What the code of an app may import of Cocaine."""

from cocaine_worker import Cancelled, Job

__all__ = ["Cancelled", "Job"]
