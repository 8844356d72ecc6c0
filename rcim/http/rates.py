"""How often each command of an API may be asked for in a second (rcim/flow/call_rates.py)."""

from rcim.flow.call_rates import Rates as Rates
