"""Where Apache Kafka's jars come from: what is missing is said, and what is not the pinned jar is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.operate.kafka_jars import CHECKSUMS, SOURCE, KafkaMissingError, checksums, jars, java

ROOT = Path(__file__).resolve().parents[2]
MAVEN = (
    "#!/bin/sh\nfor word; do case $word in -DoutputDirectory=*) echo jar > ${word#*=}/a.jar;; esac; done\n"
)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only folder in which programs are found."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give a source folder that pins the one jar which the Maven of these tests copies."""
    folder = tmp_path / "source"
    folder.mkdir()
    (tmp_path / "a.jar").write_text("jar\n")
    (folder / CHECKSUMS).write_text(checksums(tmp_path))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    """Put a program in place."""
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def test_without_java_it_says_so(programs: Path) -> None:
    """No Java, or one that is too old for Kafka 4, is named as what is missing."""
    with pytest.raises(KafkaMissingError, match="no `java`"):
        java()
    program(programs, "java", "#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    with pytest.raises(KafkaMissingError, match="is 11"):
        java()
    program(programs, "java", "#!/bin/sh\necho 'openjdk version \"17.0.15\"' >&2\n")
    assert java() == str(programs / "java")


def test_without_maven_it_says_so(programs: Path, source: Path, tmp_path: Path) -> None:
    """No Maven, or one that fails, is named; nothing is left in the cache."""
    with pytest.raises(KafkaMissingError, match="no `mvn`"):
        jars(source, tmp_path / "cache")
    program(programs, "mvn", "#!/bin/sh\necho '[ERROR] no such thing'\nexit 1\n")
    with pytest.raises(KafkaMissingError, match="no such thing"):
        jars(source, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_pinned_jars_are_fetched_once(programs: Path, source: Path, tmp_path: Path) -> None:
    """What was fetched and checked stays; Maven is not asked again."""
    program(programs, "mvn", MAVEN)
    folder = jars(source, tmp_path / "cache")
    assert (folder / "a.jar").read_text() == "jar\n"
    (programs / "mvn").unlink()
    assert jars(source, tmp_path / "cache") == folder


def test_another_jar_is_refused(programs: Path, source: Path, tmp_path: Path) -> None:
    """A jar with other content than the pinned one is named and never used."""
    program(programs, "mvn", MAVEN.replace("echo jar", "echo another"))
    with pytest.raises(KafkaMissingError, match=r"not the pinned ones: a\.jar"):
        jars(source, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_the_source_tree_it_says_so(tmp_path: Path) -> None:
    """An installed wheel has no pom: it says so instead of asking Maven for anything."""
    with pytest.raises(KafkaMissingError, match="source tree"):
        jars(tmp_path, tmp_path / "cache")


def test_tests_and_compose_run_the_same_kafka() -> None:
    """The version of the pom is that of the image in docker-compose.yml, and its broker's jar is pinned."""
    pom = (SOURCE / "pom.xml").read_text(encoding="utf-8")
    version = re.search("<kafka.version>(.+)</kafka.version>", pom)
    assert version is not None
    assert f"image: apache/kafka:{version[1]}\n" in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert f"  kafka_2.13-{version[1]}.jar\n" in (SOURCE / CHECKSUMS).read_text(encoding="ascii")
