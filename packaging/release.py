#!/usr/bin/env python3
"""Makes the files of a release. `packaging/release.py --help` lists the steps; the workflow `release` takes them in order.

What a release has of each system is in targets.json, and the version in Cargo.toml. The same input gives the same bytes:
files are in a fixed order, and their time is SOURCE_DATE_EPOCH (seconds; 1980 without it, where the time of zip begins).
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import string
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]
TARGETS = json.loads((ROOT / "packaging/targets.json").read_text(encoding="utf-8"))
VERSION = PACKAGE["version"]
# What everybody finds in an archive beside the program and, but for Windows, install.sh and the manual page.
BESIDE = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"]


def main():
    parser = argparse.ArgumentParser(description="Makes the files of a release.")
    steps = parser.add_subparsers(required=True, metavar="STEP")

    def step(function, *arguments):
        parsed = steps.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        parsed.set_defaults(function=function)
        for name, meaning in arguments:
            parsed.add_argument(name, help=meaning)

    step(check, ("tag", "the tag that is released"), ("repository", "the URL of the repository"))
    step(matrix)
    step(notes)
    step(archive, ("target", "one of targets.json"), ("program", "the program for it, which runs here"), ("folder", "where the archive goes"))
    step(npm, ("folder", "where the archives are, and the packages go"))
    step(recipes, ("folder", "where the archives are, and the recipes go"), ("repository", "the URL of the repository"))
    step(sums, ("folder", "where the files are, and SHA256SUMS goes"))
    step(image, ("folder", "where the archives are"), ("context", "the folder to make, for docker build"))
    given = vars(parser.parse_args())
    given.pop("function")(**given)


def check(tag, repository):
    """stops unless the tag, the version, the changelog and the repository say the same"""
    if tag != f"v{VERSION}":
        stop(f"the tag is {tag}, and the version in Cargo.toml {VERSION}: tag v{VERSION}, or raise the version")
    if PACKAGE.get("repository") != repository:
        stop(f"repository in Cargo.toml is {PACKAGE.get('repository')}, and this is {repository}: cargo binstall would look in the wrong place")
    heading, _ = changes()
    if not re.fullmatch(rf"## \[{re.escape(VERSION)}\] - \d{{4}}-\d\d-\d\d", heading):
        stop(f'CHANGELOG.md says "{heading}": give the release its date')


def matrix():
    """prints what the workflow builds, as JSON"""
    print(json.dumps({"include": TARGETS}))


def notes():
    """prints what CHANGELOG.md says of this version"""
    print(changes()[1])


def archive(target, program, folder):
    """packs the program of one target"""
    name = named(target)["archive"]
    windows = name.endswith(".zip")
    top = f"mcpbridge-{VERSION}"
    files = {f"{top}/{file}": (0o644, (ROOT / file).read_bytes()) for file in BESIDE}
    for path in (ROOT / "completions").iterdir():
        files[f"{top}/completions/{path.name}"] = (0o644, path.read_bytes())
    files[f"{top}/mcpbridge{'.exe' if windows else ''}"] = (0o755, Path(program).read_bytes())
    if not windows:
        files[f"{top}/install.sh"] = (0o755, (ROOT / "install.sh").read_bytes())
        page = subprocess.run([program, "man"], check=True, stdout=subprocess.PIPE).stdout
        files[f"{top}/man/mcpbridge.1"] = (0o644, page)
    Path(folder).mkdir(parents=True, exist_ok=True)
    (pack_zip if windows else pack_tar)(Path(folder) / name, dict(sorted(files.items())))
    print(Path(folder) / name)


def npm(folder):
    """makes the npm packages of the archives that are there, and the one that starts them"""
    folder = Path(folder).resolve()
    packages = [target for target in TARGETS if (folder / target["archive"]).exists()]
    stage = folder / "npm"
    for target in packages:
        system, cpu = target["npm"].split("-")
        place = stage / target["npm"]
        place.mkdir(parents=True)
        member = program_in(target)
        (place / Path(member).name).write_bytes(read_member(folder / target["archive"], member))
        (place / Path(member).name).chmod(0o755)
        describe(place, f"@mcpbridge/{target['npm']}", {
            "description": f"The program mcpbridge for {system} on {cpu}; install the package mcpbridge instead",
            "os": [system], "cpu": [cpu], "files": [Path(member).name], "preferUnplugged": True,
        })
    place = stage / "mcpbridge"
    shutil.copytree(ROOT / "packaging/npm", place)
    describe(place, "mcpbridge", {
        "description": PACKAGE["description"], "bin": {"mcpbridge": "mcpbridge.js"}, "files": ["mcpbridge.js"],
        "engines": {"node": ">=18"}, "keywords": PACKAGE["keywords"],
        # All of them, also when only some are there: which one fits is decided where it is installed.
        "optionalDependencies": {f"@mcpbridge/{target['npm']}": VERSION for target in TARGETS},
    })
    program = shutil.which("npm") or stop("npm is missing")
    for place in sorted(stage.iterdir()):
        subprocess.run([program, "pack", "--silent", "--pack-destination", folder, place], check=True)
    shutil.rmtree(stage)


def recipes(folder, repository):
    """writes the Homebrew formula and the Scoop manifest of the archives"""
    folder = Path(folder)
    values = {
        "version": VERSION, "description": PACKAGE["description"], "homepage": repository,
        "license": PACKAGE["license"], "folder": f"mcpbridge-{VERSION}",
    }
    for target in TARGETS:
        system, cpu = target["npm"].split("-")
        values[f"{system}_{cpu}_url"] = f"{repository}/releases/download/v{VERSION}/{target['archive']}"
        values[f"{system}_{cpu}_sha256"] = sha256(folder / target["archive"])
    for template, recipe in [("homebrew.rb", "mcpbridge.rb"), ("scoop.json", "mcpbridge.json")]:
        text = string.Template((ROOT / "packaging" / template).read_text(encoding="utf-8")).substitute(values)
        (folder / recipe).write_text(text, encoding="utf-8", newline="\n")


def sums(folder):
    """writes SHA256SUMS of all files in a folder"""
    files = sorted(path for path in Path(folder).iterdir() if path.is_file() and path.name != "SHA256SUMS")
    text = "".join(f"{sha256(path)}  {path.name}\n" for path in files)
    (Path(folder) / "SHA256SUMS").write_text(text, encoding="utf-8", newline="\n")


def image(folder, context):
    """lays out what the container image copies: the programs by docker's names, and the roots of this machine"""
    for target, docker in [("x86_64-unknown-linux-musl", "amd64"), ("aarch64-unknown-linux-musl", "arm64")]:
        path = Path(folder) / named(target)["archive"]
        if path.exists():
            place = Path(context) / docker
            place.mkdir(parents=True)
            (place / "mcpbridge").write_bytes(read_member(path, program_in(named(target))))
            (place / "mcpbridge").chmod(0o755)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", context)
    shutil.copy(ROOT / "packaging/Dockerfile", context)
    # The folder for credentials, which a volume takes over with its owner and mode.
    (Path(context) / "home").mkdir(mode=0o700)


def changes():
    """The heading of this version in CHANGELOG.md, and what is below it."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^(## \[{re.escape(VERSION)}\].*)\n((?:(?!## ).*\n?)*)", text, re.MULTILINE)
    if not found:
        stop(f"CHANGELOG.md has no section for {VERSION}")
    return found[1], found[2].strip()


def describe(place, name, more):
    """Writes package.json. No scripts: nothing of ours runs while npm installs."""
    about = {"name": name, "version": VERSION, "license": PACKAGE["license"]}
    if "repository" in PACKAGE:
        about["repository"] = {"type": "git", "url": f"git+{PACKAGE['repository']}.git"}
    (place / "package.json").write_text(json.dumps(about | more, indent=2) + "\n", encoding="utf-8")
    for file in ["LICENSE-APACHE", "LICENSE-MIT"]:
        shutil.copy(ROOT / file, place)


def pack_tar(path, files):
    # The name and the time that gzip would write down are left out.
    with gzip.GzipFile(filename="", fileobj=path.open("wb"), mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (mode, content) in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size, entry.mtime = mode, len(content), epoch()
            tar.addfile(entry, io.BytesIO(content))


def pack_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, (mode, content) in files.items():
            entry = zipfile.ZipInfo(name, time.gmtime(epoch())[:6])
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, mode << 16
            packed.writestr(entry, content)


def read_member(path, member):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as packed:
            return packed.read(member)
    with tarfile.open(path) as packed:
        return packed.extractfile(member).read()


def program_in(target):
    return f"mcpbridge-{VERSION}/mcpbridge{'.exe' if target['archive'].endswith('.zip') else ''}"


def named(triple):
    found = [target for target in TARGETS if target["target"] == triple]
    return found[0] if found else stop(f"{triple} is not in targets.json")


def epoch():
    return int(os.environ.get("SOURCE_DATE_EPOCH", 315532800))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stop(reason):
    sys.exit(f"release.py: {reason}")


if __name__ == "__main__":
    main()
