"""Apache Kafka's jars: fetched once with Maven (`deploy/kafka/pom.xml`), checked one by one, kept in the user's cache.

For development and tests only; production runs Kafka's own image. The Python wheel does not hold the pom: this needs
the source tree. `python -m hub.operate.kafka_jars` writes the checksums anew after a change of a version.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from hub.operate.embedded import EmbeddedServerError

SOURCE: Final = Path(__file__).resolve().parents[2] / "deploy" / "kafka"
"""Where the versions and checksums stand in the source tree."""

CHECKSUMS: Final = "jars.sha256"
"""One line `<sha256>  <file>` per jar, the form of `sha256sum`."""

JAVA_MINIMUM: Final = 17
"""The brokers of Apache Kafka 4 ask for it."""

FETCH_SECONDS: Final = 300.0
"""43 MB in some fifty files; a slow line gets minutes."""

JAVA_ANSWERS_SECONDS: Final = 20.0
"""`java -version` takes a tenth of a second; a loaded machine gets far more."""


class KafkaMissingError(EmbeddedServerError):
    """Apache Kafka cannot be had on this machine; the message says what is missing."""


def java() -> str:
    """Return the path of a Java that can run Kafka. Raises KafkaMissingError."""
    found = shutil.which("java")
    if found is None:
        raise KafkaMissingError(f"Apache Kafka needs Java {JAVA_MINIMUM} or later; there is no `java` here.")
    said = subprocess.run(  # noqa: S603 - the machine's own Java
        [found, "-version"], capture_output=True, text=True, check=False, timeout=JAVA_ANSWERS_SECONDS
    )
    version = re.search(r'version "(\d+)', said.stderr)
    if version is None or int(version[1]) < JAVA_MINIMUM:
        told = version[1] if version else "one that tells no version"
        raise KafkaMissingError(f"Apache Kafka needs Java {JAVA_MINIMUM} or later; `java` here is {told}.")
    return found


def jars(source: Path = SOURCE, cache: Path | None = None) -> Path:
    """Return the folder with Kafka's jars; fetch and check them when they are not there yet.

    The folder's name holds the digest of the checksums, so another version never meets the jars of this one. Raises
    KafkaMissingError when they cannot be fetched or one of them is not the pinned one.
    """
    if not (source / CHECKSUMS).is_file():
        raise KafkaMissingError(
            "Apache Kafka's versions and checksums are in the source tree, not in the wheel."
        )
    pins = (source / CHECKSUMS).read_bytes()
    folder = (cache or cache_folder()) / f"kafka-{hashlib.sha256(pins).hexdigest()[:16]}"
    if not folder.is_dir():
        _fetch_into(folder, source, pins.decode("ascii"))
    return folder


def cache_folder() -> Path:
    """Return the user's cache folder for Samenhub; a fresh clone finds there what an earlier one fetched."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "samenhub"


def _fetch_into(folder: Path, source: Path, pins: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="fetching-", dir=folder.parent))
    try:
        fetch(source, fresh)
        _check(fresh, pins)
        _put_in_place(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _put_in_place(fresh: Path, folder: Path) -> None:
    try:
        fresh.rename(folder)  # whole or not at all: another process never sees half of the jars
    except OSError:
        if not folder.is_dir():  # else another process was first, with the same jars
            raise


def fetch(source: Path, folder: Path) -> None:
    """Let Maven copy the jars into a folder. Raises KafkaMissingError."""
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaMissingError("Apache Kafka is fetched with Maven; there is no `mvn` here.")
    command = [
        maven,
        "--batch-mode",
        "--quiet",
        "--strict-checksums",
        f"--file={source / 'pom.xml'}",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={folder}",
    ]
    try:
        said = subprocess.run(  # noqa: S603 - the machine's own Maven
            command, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise KafkaMissingError(f"Maven did not fetch Apache Kafka within {FETCH_SECONDS:.0f} s.") from error
    if said.returncode:
        raise KafkaMissingError(f"Maven could not fetch Apache Kafka: {_first_error(said.stdout)}")


def _first_error(output: str) -> str:
    errors = [line for line in output.splitlines() if "ERROR" in line]
    return errors[0] if errors else "it gave no reason"


def _check(folder: Path, pins: str) -> None:
    found = checksums(folder)
    if found != pins:
        wrong = sorted({line.split()[-1] for line in set(found.splitlines()) ^ set(pins.splitlines())})
        raise KafkaMissingError(f"These jars are not the pinned ones: {', '.join(wrong)}.")


def checksums(folder: Path) -> str:
    """Return the lines of the checksum file for the jars in a folder, by name."""
    return "".join(
        f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n"
        for jar in sorted(folder.glob("*.jar"))
    )


def _pin_anew() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fetch(SOURCE, Path(folder))
        (SOURCE / CHECKSUMS).write_text(checksums(Path(folder)), encoding="ascii")


if __name__ == "__main__":
    _pin_anew()
