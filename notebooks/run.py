"""Runs the notebooks and fails where one does: an assertion that does not hold, an error, a cell that hangs.

`--small` takes the value behind `# small:` wherever an assignment has one. `--out FOLDER` keeps the executed copies.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
SMALL = re.compile(r"^(\w+) = (.*?)  # small: (.*)$", re.MULTILINE)
CELL_SECONDS = 600


def read(path: Path, is_small: bool) -> nbformat.NotebookNode:
    text = path.read_text(encoding="utf-8")
    text = SMALL.sub(r"\1 = \3" if is_small else r"\1 = \2", text)
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return notebook


def forget(notebook: nbformat.NotebookNode) -> None:
    """Drops what differs from run to run without saying anything: times of execution, ids of cells."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata = {}
        cell["id"] = f"cell-{number}"
        if "outputs" in cell:
            # What libraries say of the machine is no part of an answer.
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
    notebook.metadata.get("language_info", {}).pop("version", None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of file names; all notebooks where none is given")
    parser.add_argument("--small", action="store_true", help="take the small values")
    parser.add_argument("--out", type=Path, help="keep executed copies here")
    given = parser.parse_args()
    paths = [path for path in sorted(HERE.glob("[0-9]*.py")) if not given.names or path.name.startswith(tuple(given.names))]
    if not paths:
        print("no notebook of that name", file=sys.stderr)
        return 2
    failed = []
    for path in paths:
        # Cells of an earlier run would be found again, and a notebook is to be run and not remembered.
        shutil.rmtree(HERE / "sweeps", ignore_errors=True)
        notebook = read(path, given.small)
        began = time.monotonic()
        client = NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(HERE)}})
        try:
            client.execute()
        except CellExecutionError as error:
            failed.append(path.name)
            print(f"{path.name}: FAILED\n{error}", file=sys.stderr)
        else:
            print(f"{path.name}: {time.monotonic() - began:.1f} s", flush=True)
        if given.out is not None:
            given.out.mkdir(parents=True, exist_ok=True)
            forget(notebook)
            nbformat.write(notebook, given.out / f"{path.stem}.ipynb")
    shutil.rmtree(HERE / "sweeps", ignore_errors=True)
    print(f"{len(paths) - len(failed)} of {len(paths)} notebooks hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
