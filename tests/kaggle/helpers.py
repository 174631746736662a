"""Small work on files for the rehearsal: helpers.py COMMAND ARGUMENT..."""
import csv
import json
import sys
from pathlib import Path


def unlabelled(exam, out):
    """The exam without its column answer, as the competition's test.csv is."""
    with open(exam, newline="", encoding="utf-8") as source, open(out, "w", newline="", encoding="utf-8") as target:
        rows = csv.DictReader(source)
        names = [name for name in rows.fieldnames if name != "answer"]
        writer = csv.DictWriter(target, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def manifest(demo, exam_name, out):
    """The demo's training manifest, for one exam as training and as validation data."""
    plan = json.loads(Path(demo).read_text())
    plan["data"] = [{"name": exam_name, "sha256": None, "rows": None, "role": role} for role in ("train", "valid")]
    plan["data"][1]["name"] = "valid_" + exam_name
    plan["exclude_near_duplicates"] = False
    plan["template"] = "closed_book"  # the exam has no contexts
    Path(out).write_text(json.dumps(plan, indent=1))


def parameters(notebook, out, *values):
    """The notebook with other values (NAME=JSON) after the cell that is tagged "parameters"."""
    import nbformat

    book = nbformat.read(notebook, as_version=4)
    index = next(i for i, cell in enumerate(book.cells) if "parameters" in cell.metadata.get("tags", []))
    lines = []
    for value in values:
        name, _, text = value.partition("=")
        if f"\n{name} = " not in "\n" + book.cells[index].source:
            sys.exit(f"{notebook}: its parameters have no {name}")
        lines.append(f"{name} = {json.loads(text)!r}")
    book.cells.insert(index + 1, nbformat.v4.new_code_cell("\n".join(lines), id="rehearsal"))
    nbformat.write(book, out)


def text(notebook):
    """What the executed notebook's cells have printed or raised."""
    for cell in json.loads(Path(notebook).read_text())["cells"]:
        for output in cell.get("outputs", []):
            shown = output.get("text") or output.get("traceback", "")
            print("".join(shown) if isinstance(shown, list) else shown, end="")
            if page := "".join(output.get("data", {}).get("text/html", "")):
                print(f"[a page of {len(page)} characters]")


if __name__ == "__main__":
    commands = {f.__name__: f for f in (unlabelled, manifest, parameters, text)}
    commands[sys.argv[1]](*sys.argv[2:])
