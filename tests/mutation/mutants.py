"""Making mutants: one small change in one statement of hub/core, by the mutations of mutmut.

mutmut's own runner starts one pytest per mutant and mutates functions only. Here its mutations are kept and the
rest is ours: the tables of the rules at the level of a module are mutated too, and so are decorated functions.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, takewhile
from pathlib import Path

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed module.

    `function` is the qualified name of the function that differs, or None when the change is not inside the body of
    a function, so that the module must be imported anew. `lines` are those of the innermost statement, from 1.
    """

    module: str
    function: str | None
    place: str
    line: int
    lines: range
    before: str
    after: str
    source: str
    key: str
    """Module and a digest of the changed function, class or assignment: the same as long as that stays as it is."""


class _EveryFunction(MutationVisitor):
    """mutmut's visitor, which leaves decorated functions alone because its trampolines cannot replace them.

    Decorators themselves stay: without `frozen` or `slots` a class does the same for everyone who uses it as meant.
    """

    def _skip_node_and_children(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, libcst.Decorator):
            return True
        if isinstance(node, libcst.FunctionDef) and node.decorators:
            return False
        return super()._skip_node_and_children(node)


class _Whereabouts:
    """Where the lines of a module belong: the innermost statement, and the function around it."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self._lines = source.splitlines()
        self._statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        self._names = dict(_named(tree, ""))
        self.statement = cache(self._statement)
        self.function = cache(self._function)

    def _around(self, line: int) -> list[ast.stmt]:
        """Return the statements on a line, the outermost first."""
        found = [node for node in self._statements if node.lineno <= line <= (node.end_lineno or 0)]
        return sorted(found, key=lambda node: (node.lineno, -(node.end_lineno or 0)))

    def _statement(self, line: int) -> ast.stmt:
        """Return the innermost statement on a line."""
        return self._around(line)[-1]

    def _function(self, line: int) -> tuple[str | None, str]:
        """Return the function whose body holds a line, if any, and a name of the place for people."""
        for node in self._around(line):
            if node.lineno in self._names and isinstance(node, ast.FunctionDef):
                name = self._names[node.lineno]
                return (name if line >= node.body[0].lineno else None), name
        return None, next((node.name for node in self._around(line) if isinstance(node, ast.ClassDef)), "")

    def surroundings(self, line: int) -> list[str]:
        """Return the lines of the outermost statement up to this line: what tells equal lines apart."""
        return self._lines[self._around(line)[0].lineno - 1 : line]


def _named(node: ast.AST, outer: str) -> Iterator[tuple[int, str]]:
    """Yield the first line and qualified name of the functions of a module and of its classes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield child.lineno, outer + child.name
        elif isinstance(child, ast.ClassDef):
            yield from _named(child, f"{outer}{child.name}.")


def mutants_of(path: Path) -> list[Mutant]:
    """Return every mutant of a module, each once, in the order of the lines."""
    source = path.read_text("utf-8")
    wrapper = MetadataWrapper(libcst.parse_module(source))
    nothing = IgnoredCode(no_mutate_lines=set(), ignore_node_lines=set(), ignore_pattern_lines=set())
    visitor = _EveryFunction(mutation_operators, nothing, None)
    wrapper.visit(visitor)
    made = _made(path.stem, source, wrapper, visitor.mutations)
    return sorted({mutant.source: mutant for mutant in made}.values(), key=lambda mutant: mutant.line)


def _made(
    module_name: str, source: str, wrapper: MetadataWrapper, mutations: list[Mutation]
) -> Iterator[Mutant]:
    """Yield the mutants that still are Python and differ from the module; the wording of exceptions stays."""
    whereabouts = _Whereabouts(source)
    changed = _Changing(source, wrapper)
    for mutation in mutations:
        whole = changed(mutation)
        if whole == source:
            continue
        line, old, new = _difference(source, whole)
        if _only_case(old, new) or isinstance(whereabouts.statement(line), ast.Raise) or not _compiles(whole):
            continue
        digest = hashlib.sha256(
            "\n".join(
                (*whereabouts.surroundings(line), old, new, str(mutation.mutated_node.__class__))
            ).encode()
        )
        yield _mutant(
            (module_name, f"{module_name}:{digest.hexdigest()[:16]}"), line, (old, new), whole, whereabouts
        )


class _Changing:
    """Puts a changed node into the text of its module."""

    def __init__(self, source: str, wrapper: MetadataWrapper) -> None:
        self._source = source
        self._module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._starts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]

    def __call__(self, mutation: Mutation) -> str:
        """Return the text of the changed module."""
        place = self._positions[mutation.original_node]
        start = self._starts[place.start.line - 1] + place.start.column
        end = self._starts[place.end.line - 1] + place.end.column
        text, known = self._source[start:end], self._module.code_for_node(mutation.original_node)
        breaks = isinstance(
            mutation.original_node, libcst.BaseExpression
        )  # inside brackets indentation says nothing
        if text == known or (breaks and text.split() == known.split()):
            new = self._module.code_for_node(mutation.mutated_node)
            return self._source[:start] + new + self._source[end:]
        changed = self._module.deep_replace(mutation.original_node, mutation.mutated_node)
        return changed.code if isinstance(changed, libcst.Module) else self._source


def _mutant(
    names: tuple[str, str], line: int, texts: tuple[str, str], source: str, whereabouts: _Whereabouts
) -> Mutant:
    """Return the mutant whose first changed line is this one."""
    function, place = whereabouts.function(line)
    statement = whereabouts.statement(line)
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    return Mutant(
        module=names[0],
        function=function,
        place=place,
        line=line,
        lines=lines,
        before=texts[0],
        after=texts[1],
        source=source,
        key=names[1],
    )


def _difference(before: str, after: str) -> tuple[int, str, str]:
    """Return the first changed line, from 1, and the changed lines of both texts."""
    old, new = before.splitlines(), after.splitlines()
    shorter = min(len(old), len(new))
    first = next((number for number in range(shorter) if old[number] != new[number]), shorter - 1)
    same = takewhile(
        lambda pair: pair[0] == pair[1], zip(reversed(old[first:]), reversed(new[first:]), strict=False)
    )
    tail = sum(1 for _ in same)
    return first + 1, _joined(old[first : len(old) - tail]), _joined(new[first : len(new) - tail])


def _joined(lines: list[str]) -> str:
    """Return changed lines as one line for people."""
    return " ".join(line.strip() for line in lines)


def _only_case(before: str, after: str) -> bool:
    """Tell whether a text was only put in capitals: the same text with two letters more is a mutant already."""
    return before.casefold() == after.casefold()


def _compiles(source: str) -> bool:
    """Tell whether a text is Python at all: some mutations are not, and cannot be run."""
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
