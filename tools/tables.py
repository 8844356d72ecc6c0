"""Rows of Markdown tables."""

from __future__ import annotations


def row(*cells: object) -> str:
    """One row. A `|` in a cell is written `\\|`, in code too: whoever renders the page looks for cells first."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
