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


def short_manifest(demo, steps, out):
    """A training manifest whose runs take this many small steps."""
    plan = json.loads(Path(demo).read_text())
    plan["settings"].update(max_steps=int(steps), batch_size=4)
    Path(out).write_text(json.dumps(plan, indent=1))


def gpu_manifest(demo, exam_name, out):
    """Three runs of a few steps of one question: an emulated GPU is slow."""
    plan = json.loads(Path(demo).read_text())
    plan["data"] = [{"name": exam_name, "sha256": None, "rows": None, "role": "train"}]
    plan["template"] = "closed_book"
    plan["isa"] = "native"  # one that is named is for CPUs
    plan["settings"].update(max_steps=4, batch_size=1, save_steps=2)
    plan["runs"] = [{"name": f"run_{k}", "settings": {"seed": k}} for k in range(3)]
    Path(out).write_text(json.dumps(plan, indent=1))


def text(notebook):
    """What the executed notebook's cells have printed or raised."""
    for cell in json.loads(Path(notebook).read_text())["cells"]:
        for output in cell.get("outputs", []):
            shown = output.get("text") or output.get("traceback", "")
            shown = "".join(shown) if isinstance(shown, list) else shown
            print(shown.replace("\r\n", "\n"), end="")
            if page := "".join(output.get("data", {}).get("text/html", "")):
                print(f"[a page of {len(page)} characters]")


if __name__ == "__main__":
    commands = {f.__name__: f for f in (unlabelled, manifest, short_manifest, gpu_manifest, text)}
    commands[sys.argv[1]](*sys.argv[2:])
