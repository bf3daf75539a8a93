"""Wrong flags, words, variables and sweep files, and what is said of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from search.settings import RANGES


@dataclass(frozen=True)
class Bad:
    """A command that is refused."""

    said: str
    """How the line begins after `error: `."""
    arguments: str
    """Of the command line, between spaces."""
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)
    """What stands in the working directory; None is a folder."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is set."""


def flag(setting: str) -> str:
    return "--" + setting.replace("_", "-")


def of_number_and_choice_flags() -> Iterator[Bad]:
    for setting, (least, most) in RANGES.items():
        rule = f"{flag(setting)} must be a whole number from {least} to {most:,}; received"
        for text in (str(least - 1), str(most + 1), "two", "1.0", "nan", "1e3", "9" * 5000, "½"):
            yield Bad(f"{rule} {text[:300]}", f"run {flag(setting)}={text}")
        yield Bad(f"{rule} nothing", f"run {flag(setting)}=")
    choices = {
        "recipe": "shallow, deep, self_normalizing",
        "levels": "core, full",
        "task": "classification, regression",
        "metric": "error, balanced_error, log_loss, auc, rmse, mae",
        "class_weight": "balanced",
    }
    for setting, listed in choices.items():
        for text in ("", "Wide", "none", "\x1b[31m"):
            shown = text.replace("\x1b", "\\x1b") or "nothing"
            rule = f"{flag(setting)} must be one of {listed}; received {shown}"
            yield Bad(rule, f"run {flag(setting)}={text}")


def of_other_flags() -> Iterator[Bad]:
    for text in ("0", "1", "-0.1", "nan", "inf", "tiny", "", "1%"):
        yield Bad("--margin must be a number between 0 and 1", f"run --margin={text}")
    for text in ("", "0s", "-5m", "5", "5d", "5ms", "1e3s", "infs", "9" * 400 + "h"):
        yield Bad("--budget must be a time above 0, such as 90s, 10m", f"run --budget={text}")
    for text in ("breadth", "all,breadth", "Activation", "activation;optimizer"):
        yield Bad("--factors must be one of initializer, activation", f"run --factors={text}")
    for name in (
        "../x",
        "a/b",
        ".hidden",
        "-x" * 60,
        "x" * 101,
        "é" * 51,
        "a*b",
        "a\x1b",
        "sp ace",
    ):
        yield Bad("name must be 1 to 100 letters, digits, dots", f"run\0--\0{name}")
    for setting in ("target", "group", "time", "data", "tracking_uri"):
        yield Bad(f"{flag(setting)} must be text; received nothing", f"run {flag(setting)}=")
    for text in ("2,", ",2", "2,,8", "2,x", "2;8", "0,2", "2,1001"):
        yield Bad("--depth must be a whole number from 1 to 1,000; received", f"run --depth={text}")


def of_words() -> Iterator[Bad]:
    """Other flags, and commands."""
    yield Bad("No such command 'walk'", "walk")
    yield Bad("No such option: --tirals", "run --tirals 5")
    yield Bad("No such option: --dpeth", "check --dpeth 5")
    yield Bad("Option '--depth' requires an argument", "run --depth")
    yield Bad("Option '--config' requires an argument", "check --config")
    yield Bad("Got unexpected extra argument", "run one two")
    yield Bad("--factors must name some of", "run --factors=,")
    yield Bad("--factors must name factors or be none", "run --factors none,activation")
    yield Bad(
        "--factors under recipe self_normalizing must be among",
        "run --recipe self_normalizing --factors activation",
    )
    yield Bad("--tracking-uri must start with one of http://", "run --tracking-uri nowhere")
    yield Bad("--tracking-uri must start with one of http://", "check --tracking-uri ftp://x/y")
    yield Bad("--tracking-uri must start with one of http://", "run --tracking-uri http://[x")
    yield Bad("--tracking-uri must start with one of http://", "ui --tracking-uri file:///x")
    yield Bad("--port must be a whole number from 1 to 65535", "ui --port 65536")
    yield Bad("a search space must be one of", "spaces wide")
    for name in ("gone", "x" * 300, "../sweeps/x", "."):
        yield Bad(f"no sweep is called '{name}'; sweeps here: none", f"show {name}")
        yield Bad(f"no sweep is called '{name}'; sweeps here: none", f"sync {name}")
    yield Bad("--metric of a classification must be one of", "run --metric rmse")
    yield Bad("--metric auc must have two classes; received 10 classes", "run --metric auc")
    yield Bad("--class-weight must be left out for", "run --data diabetes --class-weight balanced")
    yield Bad("target must be left out for digits", "run --target price")
    yield Bad("task must be classification for digits", "run --task regression")
    yield Bad("--group, --time and --categories must be left out", "run --group patient")


def of_searches() -> Iterator[Bad]:
    """What a search is asked for by, and spaces of one's own."""
    for setting in ("sampler", "pruner", "prior", "until"):
        yield Bad(f"--{setting} must be one of", f"run --{setting} wide")
    for flags in ("sampler random", "pruner asha", "prior low", "until flat", "space x.toml"):
        yield Bad(f"--{flags.split()[0]} must come with a search", f"run --{flags}")
    for flags in ("--sampler grid --prior high", "--sampler qmc --prior low"):
        yield Bad("--prior must be left out with --sampler", f"run --trials 24 {flags}")
    for flag in ("lanes", "pilot-trials", "depth", "width", "space"):
        said = f"--{flag} must be left out"
        yield Bad(said, f"run --hypermodel hyper.py:build --{flag} 12")
    own = "run --factors none --space"
    yield Bad("--space no.toml must be a readable file", f"{own} no.toml")
    yield Bad("--space a space of one's own must be FILE.toml", f"{own} wide")
    yield Bad("--space nowhere must be Python that runs", f"{own} nowhere:space")
    for said, text in {
        "--space x.toml must be TOML; received": "[",
        "--space x.toml: activation": '[activation]\noptions = ["elu", "nope"]',
        "--space x.toml: width must have low and high": "[width]\nlow = 5",
        "--space x.toml: ": "[breadth]\nlow = 1\nhigh = 2",
    }.items():
        yield Bad(said, f"{own} x.toml", {"x.toml": text})
    for said, code in {
        "--space x.py must be Python that runs; received SystemExit": "raise SystemExit(3)",
        "--space x.py:space must be a Space or return one; received int": "space = 5",
        "--space x.py:space must be one of the names a; received space": "a = 5",
        "--space x.py:space must return a space when called": "def space(recipe): return 1 / 0",
    }.items():
        yield Bad(said, f"{own} x.py:space", {"x.py": code})


def of_environment() -> Iterator[Bad]:
    for uri in ("nowhere", "ftp://here", "http://[x", "databricks", "file:///tmp/x", "://"):
        said = "MLFLOW_TRACKING_URI must start with one of http://"
        yield Bad(said, "run", environment={"MLFLOW_TRACKING_URI": uri})
    said = "mlruns must be or go into a folder that can be written to; received"
    yield Bad(said, "run", {"mlruns": "a file"})
    yield Bad(said, "check", {"mlruns": "a file"})
    for backend in ("jax", "torch", "TensorFlow"):
        said = f"KERAS_BACKEND must be tensorflow or left out; received {backend}"
        yield Bad(said, "run", environment={"KERAS_BACKEND": backend})
    home = {"home": b"a file"}
    said = "data mnist must be in home/datasets or to be had from https://"
    yield Bad(said, "run --data mnist", home, {"KERAS_HOME": "home"})
    said = "data california_housing must be in home or to be had from the network"
    yield Bad(said, "run --data california_housing", home, {"SCIKIT_LEARN_DATA": "home"})


def of_numbers() -> Iterator[Bad]:
    """Whole numbers; each file is called s.toml."""
    for setting, (least, most) in RANGES.items():
        rule = f"s.toml: {setting} must be a whole number from {least} to {most:,}; received"
        for value, shown in {
            f"{least - 1}": f"{least - 1}",
            f"{most + 1}": f"{most + 1}",
            "2.0": "2.0",
            '"6"': "'6'",
            "true": "True",
            "1979-05-27": "datetime.date(1979, 5, 27)",
            "{a = 1}": "{'a': 1}",
            "nan": "nan",
            "0x" + "f" * 5000: "a very long int",
        }.items():
            yield in_file(f"{rule} {shown}", f"{setting} = {value}")


def of_other_keys() -> Iterator[Bad]:
    for setting in ("data", "target", "group", "time", "tracking_uri"):
        for value in ("5", "true", '""', "[1]", '["a"]', '"a\\u0000b"'):
            yield in_file(f"s.toml: {setting} must be text; received", f"{setting} = {value}")
    for setting in ("recipe", "levels", "task", "metric", "class_weight"):
        for value in ('"wide"', "1", "[]", '["core"]', "{}", "false"):
            yield in_file(f"s.toml: {setting} must be one of", f"{setting} = {value}")
    for value in ("0", "1.0", '"0.01"', "true", "[0.01]", "-inf", "0x" + "f" * 400):
        yield in_file("s.toml: margin must be a number between 0 and 1", f"margin = {value}")
    for value in ("600", "10.5", '"10"', '["10m"]', "true", "07:32:00"):
        yield in_file("s.toml: budget must be a time above 0", f"budget = {value}")
    for setting in ("factors", "categories"):
        for value in ("5", "[1]", '[["activation"]]', "{}", "true"):
            yield in_file(f"s.toml: {setting} must be names; received", f"{setting} = {value}")
    yield in_file("s.toml: factors must be one of initializer", 'factors = ["depth"]')
    yield in_file("s.toml: factors must name some of initializer", "factors = []")
    yield in_file("s.toml: depth must be a whole number", "depth = [2, 8.0]")
    yield in_file("s.toml: depth must be a whole number", "depth = []")
    yield in_file("s.toml: name must be 1 to 100 letters", 'name = "a/b"')
    yield in_file("s.toml: name must be 1 to 100 letters", "name = 5")


def of_toml() -> Iterator[Bad]:
    """Files that are no TOML, and names of keys."""
    a_key = "s.toml: a key must be"
    yield in_file(f"{a_key} a setting; did you mean workers?; received workerz", "workerz = 2")
    yield in_file(f"{a_key} a setting; did you mean batch_size?", "batch-size = 32")
    yield in_file(f"{a_key} a setting; did you mean pilot_trials?", "[pilot_trial]\nx = 1")
    yield in_file(f"{a_key} one of name, data, target", "xyzzy = 2")
    yield in_file(f"{a_key} one of name, data, target", '"" = 2')
    wrong = (
        "depth",
        "depth = ",
        "depth = 2\ndepth = 3",
        "= 2",
        "depth = 08",
        "[",
        "\x00",
        "a = 'b",
    )
    for text in (*wrong, "x = " + "9" * 5000, "x = " + "[" * 20_000, "depth = 2 width = 3"):
        yield in_file("s.toml must be TOML; received", text)
    yield in_file("s.toml must be TOML; received 'utf-8' codec", b"name = '\xff'")
    yield in_file("s.toml must be TOML; received 'utf-8' codec", "seed = 1".encode("utf-16"))
    yield in_file("s.toml must have at most 1,000,000 bytes", b"#" * 1_000_001)
    yield Bad("--config must be a TOML file that exists; received no.toml", "run --config no.toml")
    folder = {"s.toml": None}
    yield Bad("--config must be a TOML file that exists", "run --config s.toml", folder)
    yield in_file("s.toml: data must be a file that exists", 'data = "no.csv"\ntarget = "a"')
    yield in_file("s.toml: data must be one of digits, wine", 'data = "digit"')
    yield in_file("s.toml: metric auc must have two classes", 'metric = "auc"')
    yield in_file("s.toml: tracking_uri must start with", 'tracking_uri = "nowhere"')
    mine = "run --config s.toml --data good.csv"
    files = {
        "s.toml": 'target = "prise"\ngroup = "ag"',
        "good.csv": "age,town,price\n" + "1,a,2\n3,b,4\n" * 60,
    }
    yield Bad("s.toml: target must be one of", mine, files)
    yield Bad("s.toml: group must be one of age, town", f"{mine} --target price", files)
    yield Bad("--target must be text", f"{mine} --target=", files)


def in_file(said: str, text: str | bytes) -> Bad:
    return Bad(said, "run --config s.toml", {"s.toml": text})
