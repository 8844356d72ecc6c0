"""The text of a message as far as search reads it (RX-10)."""

from __future__ import annotations

from rcim.content.elements import Custom, File, Location, Merged, Text, decode_body


def text_of(body: bytes) -> str:
    """The searchable text of a body: texts, names of files and places, descriptions of custom elements, titles and lines
    of merged messages, one per line. Raises RcimError(BAD_ELEMENT) for a body that is damaged."""
    found: list[str] = []
    for element in decode_body(body):
        match element:
            case Text():
                found.append(element.text)
            case File() | Location():
                found.append(element.name)
            case Custom():
                found.append(element.description)
            case Merged():
                found += [element.title, *element.abstracts]
    return "\n".join(found)
