"""What leaves the server besides frames: callbacks, push, routing, from a queue on disk (sections 12 and 13).

Nothing leaves it yet. The room stands in the floor plan so that its place between connect and client is settled.
"""
