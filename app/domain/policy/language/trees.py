"""Looking into the parser's trees. Words of the grammar itself aren't in them, only what varies."""

from __future__ import annotations

from lark import Token, Tree

Node = Tree[Token]


def parts_of(node: Node) -> list[Node]:
    """A tree and all trees in it, from the outside in and from left to right."""
    found = [node]
    for child in node.children:
        if isinstance(child, Tree):
            found += parts_of(child)
    return found


def tokens_of(node: Node, kind: str | None = None) -> list[Token]:
    """All tokens in a tree from left to right, or those of one kind."""
    found: list[Token] = []
    for child in node.children:
        if isinstance(child, Tree):
            found += tokens_of(child, kind)
        elif kind is None or child.type == kind:
            found.append(child)
    return found


def trees_of(node: Node) -> list[Node]:
    """The trees directly below."""
    return [child for child in node.children if isinstance(child, Tree)]


def named_parts(node: Node) -> dict[str, Node]:
    """The trees directly below by their names."""
    return {str(tree.data): tree for tree in trees_of(node)}
