"""Writes app/domain/policy/shipped/default.json anew from default.policy beside it."""

from __future__ import annotations

from pathlib import Path

from app.domain.policy.shipped import shipped_policy

TARGET = Path(__file__).parents[1] / "app/domain/policy/shipped/default.json"


def main() -> None:
    """Compile and write."""
    TARGET.write_text(shipped_policy("default").model_dump_json(indent=1) + "\n")
    print(f"Wrote {TARGET.name}.")


if __name__ == "__main__":
    main()
