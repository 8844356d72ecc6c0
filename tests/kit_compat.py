"""The cases of `rcim-bench compat`, on a server in this process, and the pages that show what they find."""

from __future__ import annotations

from pathlib import Path

from rcim_bench.compat.case import CaseFailed, Found, State, Trial, rong_flags
from rcim_bench.compat.cases import all_cases

from rcim.base.errors import RcimError
from tests.kit import SDKAPPID
from tests.kit_http import ADMINISTRATOR, back_end

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
NO_LIMITS = ("limits.broadcasts_per_hour=0", "limits.broadcasts_per_day=0")


async def lines_found(vendor: str, folder: Path) -> set[str]:
    """A line of Markdown for each command of this vendor, with what its case finds. Fails if a case does."""
    rows = [one for one in all_cases() if one.vendor == vendor]
    failed, lines = [], set()
    async with (
        back_end(folder / "data", *rong_flags(folder), *NO_LIMITS) as app,
        app.server.client(ADMINISTRATOR) as admin,
    ):
        on = Trial(app.base, SDKAPPID, app.server.key, app.session, admin)
        for run in dict.fromkeys(one.run for one in rows):
            try:
                found = await run(on)
            except (CaseFailed, RcimError) as error:
                failed.append(f"{run}: {error}")
            else:
                state, note = found or Found(State.WORKS)
                lines |= {f"| `{one.command}` | {state.value} | {note} |" for one in rows if one.run is run}
    assert not failed
    return lines


def lines_of_page(name: str) -> set[str]:
    """The rows of the table on this page of docs/reference."""
    page = (REFERENCE / name).read_text(encoding="utf-8").splitlines()
    return {line for line in page if line.startswith("| `")}
