"""HTTP for back ends: the listener, and what all APIs served over HTTP have in common. It knows no API's paths."""
