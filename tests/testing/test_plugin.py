"""The fixtures that pytest finds: cheap until they are used, fresh in every test, as the how-to shows."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = "pytest_sn_pandas"
FIXTURES = ("sensenet_server", "sensenet_repository", "sensenet_environment")

pytest_plugins = ["pytester"]


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    """Run tests as those of a project that has sn_pandas installed, with warnings as errors."""
    pytester.makepyfile(source)
    return pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", "-W", "error", *arguments)


def test_the_plugin_is_declared_under_the_name_of_its_module() -> None:
    # so that `-p pytest_sn_pandas` and the entry point are not two plugins
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}
    assert PLUGIN + ".py" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    plugin = import_module(PLUGIN)
    assert all(hasattr(plugin, name) for name in FIXTURES)


def test_pytest_imports_nothing_else_for_it() -> None:
    program = f"""
import pytest, sys
before = set(sys.modules)
import {PLUGIN}
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [PLUGIN]


def test_every_test_finds_the_sample_untouched(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import os, pytest, sn_pandas as sn

        TASKS = "/Root/Content/IT/Tasks"

        @pytest.mark.parametrize("time", [1, 2])
        def test_changes_are_gone(sensenet_server, sensenet_repository, time):
            assert len(sensenet_server.requests.select("GET", "GetCurrentUser")) == 1
            frame = sensenet_repository.read(TASKS, select=["Name", "Index"], filter="Name eq 'T060'")
            assert len(frame) == 1
            frame["Index"] = 4711
            frame.sn.save()
            sensenet_repository.create(TASKS, "Task", "new")
            sensenet_server.faults.on().unavailable()
            assert len(sn.journals()) == 2

        def test_nothing_stays(sensenet_repository):
            assert sensenet_repository.user.endswith("/olga.okafor")
            assert sensenet_repository.count(TASKS) == 60
            assert sn.journals().empty

        def test_the_environment_names_the_server(sensenet_server, sensenet_environment):
            assert {n for n in os.environ if n.startswith("SENSENET_")} == set(sensenet_environment)
            with sn.connect() as repo:
                assert repo.user.endswith("/olga.okafor")
            assert sensenet_server.requests.count() > 0

        def test_and_names_it_no_longer():
            assert os.environ["SENSENET_URL"] == "https://production.example"
        """,
    )
    result.assert_outcomes(passed=5)


def test_what_the_how_to_shows_passes(pytester: pytest.Pytester) -> None:
    page = (ROOT / "docs/howto/test.md").read_text("utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    tests = [snippet for snippet in snippets if "def test_" in snippet]
    result = run(pytester, "\n".join(tests))
    result.assert_outcomes(passed="".join(tests).count("def test_"))


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the environment of the developer name a real server and a proxy, which no test may reach."""
    monkeypatch.setenv("SENSENET_URL", "https://production.example")
    monkeypatch.setenv("SENSENET_API_KEY", "a-key-of-production")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
