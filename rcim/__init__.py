"""rcim: an instant-messaging server that an app team runs itself."""

from rcim.version import __version__

__all__ = ["__version__"]
