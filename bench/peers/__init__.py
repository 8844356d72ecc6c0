"""`rcim-bench peers`: the same fan-out on rcim and on other servers that are installed, one after the other.

`run.py` takes turns and makes the report; `phases.py` is what is measured; `receivers.py` are the connections;
`driver.py` is what a server has to tell of itself, and the other modules are the servers by family.
"""
