"""The software bill of materials of a release, as SPDX 2.3 JSON, on standard output.

    sbom.py VERSION PROGRAM SOURCES_LOCK CREATED

PROGRAM is the built file, CREATED a time like 2026-11-29T12:00:00Z. What is built from source is what SOURCES_LOCK
says; the versions of Debian's packages are those installed here.
"""
import hashlib
import json
import subprocess
import sys

# Debian's packages whose code is in the program (THIRD_PARTY.md), with their SPDX licences.
DEBIAN = {
    "libssl-dev": "Apache-2.0",
    "libzstd-dev": "BSD-3-Clause",
    "libutf8proc-dev": "MIT AND Unicode-DFS-2016",
    "libstemmer-dev": "BSD-3-Clause",
    "libminizip-dev": "Zlib",
    "zlib1g-dev": "Zlib",
    "libbz2-dev": "bzip2-1.0.6",
    "nlohmann-json3-dev": "MIT",
    "libfmt-dev": "MIT",
    "libc6-dev": "LGPL-2.1-or-later",
    "g++": "GPL-3.0-or-later WITH GCC-exception-3.1",
}
ONLY_IN_TESTS = {"catch2"}


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def identifier(name):
    return "SPDXRef-" + "".join(c if c.isalnum() or c in ".-" else "-" for c in name)


def package(name, version, licence, **more):
    return {"SPDXID": identifier(name), "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
            "copyrightText": "NOASSERTION", **more}


def built_packages(lock):
    for line in open(lock):
        fields = line.split("#")[0].split()
        if fields and fields[0] not in ONLY_IN_TESTS:
            name, version, _, _, file, checksum, licence = fields
            yield package(name, version, licence, packageFileName=file,
                          checksums=[{"algorithm": "SHA256", "checksumValue": checksum}])


def debian_packages():
    for name, licence in DEBIAN.items():
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], check=True, capture_output=True,
                                 text=True).stdout
        purl = f"pkg:deb/debian/{name.replace('+', '%2B')}@{version.replace('+', '%2B').replace(':', '%3A')}?arch=amd64"
        yield package(name, version, licence,
                      externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                     "referenceLocator": purl}])


def main():
    version, program, lock, created = sys.argv[1:]
    digest = sha256(program)
    own = package("sciexam-run", version, "Apache-2.0", packageFileName="sciexam-run",
                  checksums=[{"algorithm": "SHA256", "checksumValue": digest}])
    parts = [*built_packages(lock), *debian_packages()]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"sciexam-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/sciexam-{version}-{digest}",
        "creationInfo": {"created": created, "creators": ["Tool: build.sh-release"]},
        "packages": [own, *parts],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                           "relatedSpdxElement": own["SPDXID"]}] +
                         [{"spdxElementId": own["SPDXID"], "relationshipType": "STATIC_LINK",
                           "relatedSpdxElement": part["SPDXID"]} for part in parts],
    }
    print(json.dumps(document, indent=1))


main()
