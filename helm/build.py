"""What the chart has from elsewhere in this tree: the schema of its values, alert rules, the dashboard, the licence.

`make chart` runs it; tests/helm compares.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

from bngcorr.config.json_schema import config_schema

ROOT: Final = Path(__file__).parents[1]
CHART: Final = ROOT / "helm" / "bngcorr"
COPIES: Final = {
    "files/bngcorr.rules.yaml": "conf/prometheus/bngcorr.rules.yaml",
    "files/bngcorr.json": "conf/grafana/bngcorr.json",
}


def values_schema() -> dict[str, Any]:
    """Of values.yaml: our own part, and in it that of the configuration."""
    schema: dict[str, Any] = yaml.safe_load((ROOT / "helm" / "values.schema.yaml").read_text())
    config = config_schema()
    draft = config.pop("$schema")
    schema["definitions"] |= config.pop("definitions")
    del config["required"]  # the chart says in a sentence what is missing
    schema["properties"]["config"] = config
    return {"$schema": draft, **schema}


def files() -> dict[Path, str]:
    """Every file that is made, and what has to be in it."""
    made = {CHART / name: (ROOT / source).read_text() for name, source in COPIES.items()}
    made[CHART / "values.schema.json"] = json.dumps(values_schema(), indent=1, sort_keys=True) + "\n"
    return made


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
