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
from typing import NamedTuple

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

    def lines(self, first: int, last: int) -> range:
        """Return the lines of all statements that begin or go on between two lines."""
        touched = [self.statement(line) for line in range(first, last + 1)]
        start = min(node.lineno for node in touched)
        return range(start, max(node.end_lineno or node.lineno for node in touched) + 1)

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
        found = _difference(source, whole)
        if (
            _says_nothing(whereabouts.statement(found.first))
            or _only_case(found.before, found.after)
            or not _compiles(whole)
        ):
            continue
        kind = str(type(mutation.mutated_node))
        said = "\n".join((*whereabouts.surroundings(found.first), found.before, found.after, kind))
        key = f"{module_name}:{hashlib.sha256(said.encode()).hexdigest()[:16]}"
        function, place = whereabouts.function(found.first)
        yield Mutant(
            module=module_name,
            function=function,
            place=place,
            line=found.first,
            lines=whereabouts.lines(found.first, found.last),
            before=found.before,
            after=found.after,
            source=whole,
            key=key,
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


class _Difference(NamedTuple):
    """The first and the last changed line of the old text, from 1, and the changed lines of both texts."""

    first: int
    last: int
    before: str
    after: str


def _difference(before: str, after: str) -> _Difference:
    """Return how two texts differ."""
    old, new = before.splitlines(), after.splitlines()
    shorter = min(len(old), len(new))
    first = next((number for number in range(shorter) if old[number] != new[number]), shorter - 1)
    same = takewhile(
        lambda pair: pair[0] == pair[1], zip(reversed(old[first:]), reversed(new[first:]), strict=False)
    )
    tail = sum(1 for _ in same)
    removed, added = old[first : len(old) - tail], new[first : len(new) - tail]
    return _Difference(first + 1, first + max(1, len(removed)), _joined(removed), _joined(added))


def _joined(lines: list[str]) -> str:
    """Return changed lines as one line for people."""
    return " ".join(line.strip() for line in lines)


def _says_nothing(statement: ast.stmt) -> bool:
    """Tell whether a statement only words an exception or names a type, which no behaviour rests on."""
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.annotation, ast.Name) and statement.annotation.id == "TypeAlias"
    made = statement.value if isinstance(statement, ast.Assign) else None
    is_type_variable = (
        isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id == "TypeVar"
    )
    return is_type_variable or isinstance(statement, ast.Raise)


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
