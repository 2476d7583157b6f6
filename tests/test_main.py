"""``python -m sn_pandas``, which is also the command ``sn-pandas``."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from sn_pandas.__main__ import main


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"sn_pandas {version('sn_pandas')}\n"


@pytest.mark.parametrize("words", [[], ["sevre"]])
def test_a_command_that_is_none_lists_those_there_are(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert "COMMAND" in shown
    assert "Traceback" not in shown
