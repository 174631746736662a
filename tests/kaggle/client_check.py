"""Does Kaggle's own client take the folder that ./build.sh package made? No network is used.

    client_check.py FOLDER UPLOADED

The client's functions run as they are, but for the calls over the network. The files that it would
upload are copied to UPLOADED, without the executable bit. Broken metadata must be refused.
"""
import contextlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

# Importing the client looks for an account; whoever runs this may have one, and it is not meant.
home = tempfile.TemporaryDirectory()
os.environ.pop("KAGGLE_API_TOKEN", None)
os.environ.update(HOME=home.name, KAGGLE_CONFIG_DIR=home.name, KAGGLE_USERNAME="rehearsal", KAGGLE_KEY="none")

from kaggle.api.kaggle_api_extended import KaggleApi  # noqa: E402
from requests.exceptions import HTTPError  # noqa: E402


class OfflineApi(KaggleApi):
    """The client with the network's answers written here; it keeps what it was about to send."""

    def __init__(self):
        super().__init__()
        self.config_values = {self.CONFIG_NAME_USER: "rehearsal"}
        self.uploaded, self.sent = [], None

    def dataset_status(self, dataset):
        raise HTTPError("404: no such dataset yet")

    def _upload_blob(self, path, *_ignored):
        self.uploaded.append(Path(path))
        return "token"

    def with_retry(self, call, *_ignored, **_named):
        return call

    def build_kaggle_client(self):
        def send(request):
            self.sent = request
            return SimpleNamespace(error="", status="ok", url="")

        datasets = SimpleNamespace(dataset_api_client=SimpleNamespace(create_dataset=send))
        kernels = SimpleNamespace(kernels_api_client=SimpleNamespace(save_kernel=send))
        return contextlib.nullcontext(SimpleNamespace(datasets=datasets, kernels=kernels))


def create_dataset(folder):
    api = OfflineApi()
    api.dataset_create_new(str(folder), quiet=True)
    return api


def push_notebook(folder):
    api = OfflineApi()
    api.kernels_push(str(folder))
    return api


def must_be_refused(what, call, folder, metadata, change):
    """The client must refuse the folder with changed metadata, or this check checks nothing."""
    with tempfile.TemporaryDirectory() as copy:
        for file in Path(folder).iterdir():
            if file.is_file():
                os.symlink(file.resolve(), Path(copy, file.name))
        content = json.loads((Path(folder) / metadata).read_text())
        change(content)
        os.unlink(Path(copy, metadata))
        Path(copy, metadata).write_text(json.dumps(content))
        try:
            call(copy)
        except ValueError as error:
            print(f"refused, as it must be: {what}: {error}")
            return
    sys.exit(f"the client took broken metadata: {what}")


def expect(condition, what):
    if not condition:
        sys.exit(f"{what} is not as it should be")


def main(folder, uploaded):
    folder, uploaded = Path(folder), Path(uploaded)
    notebook = folder / "notebook"
    dataset = create_dataset(folder)
    owner_slug = f"{dataset.sent.owner_slug}/{dataset.sent.slug}"
    names = sorted(path.name for path in dataset.uploaded)
    print(f"dataset {owner_slug}: the client uploads {', '.join(names)}")
    expect(dataset.sent.is_private, "the dataset's privacy")
    needed = {"sciexam-run", "manifest.json", "LICENSE", "THIRD_PARTY.md", "README.md"}
    expect(needed <= set(names), "the list of files")
    expect(all(path.parent == folder for path in dataset.uploaded), "the list of files: a sub-folder")
    kernel = push_notebook(notebook).sent
    print(f"notebook {kernel.slug}")
    expect(kernel.dataset_data_sources == [owner_slug], "the notebook's dataset")
    expect(kernel.competition_data_sources == ["kaggle-llm-science-exam"], "the notebook's competition")
    expect(kernel.enable_gpu and kernel.is_private and not kernel.enable_internet, "the notebook's machine")

    def check(what, change):
        must_be_refused(what, create_dataset, folder, "dataset-metadata.json", change)

    check("a slug of five letters", lambda data: data.update(id="rehearsal/short"))
    check("no title", lambda data: data.pop("title"))
    check("a title of 51 letters", lambda data: data.update(title="x" * 51))
    check("no licence", lambda data: data.update(licenses=[]))
    check("a subtitle of three letters", lambda data: data.update(subtitle="abc"))

    def check_notebook(what, change):
        must_be_refused(what, push_notebook, notebook, "kernel-metadata.json", change)

    check_notebook("a notebook's slug of four letters", lambda data: data.update(id="rehearsal/four"))
    check_notebook("a notebook that is not there", lambda data: data.update(code_file="other.ipynb"))
    check_notebook("no language", lambda data: data.pop("language"))
    check_notebook("a dataset without owner", lambda data: data.update(dataset_sources=["sciexam-run"]))

    uploaded.mkdir()
    for path in dataset.uploaded:
        shutil.copyfile(path, uploaded / path.name)


if __name__ == "__main__":
    main(*sys.argv[1:])
