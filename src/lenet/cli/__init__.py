"""The command `lenet`: the only part that prints.

    lenet train [RECIPE]            train, and leave a run folder
    lenet evaluate MODEL [DATA]     the error rate of a trained network
    lenet predict MODEL PICTURE...  what it reads in pictures
    lenet describe MODEL            the paper's table of a network: layers, parameters, connections
    lenet models | recipes | data   what there is

MODEL is a run folder or a .safetensors file. `lenet VERB --help` tells the rest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from lenet.errors import InputError, unknown

VERBS = {  # verb: (module, function), imported when the verb is used
    "train": ("lenet.cli.train", "train"),
    "evaluate": ("lenet.cli.use", "evaluate"),
    "predict": ("lenet.cli.use", "predict"),
    "describe": ("lenet.cli.use", "describe"),
    "models": ("lenet.cli.lists", "models"),
    "recipes": ("lenet.cli.lists", "recipes"),
    "data": ("lenet.cli.lists", "data"),
}
INTERRUPTED = 130  # what a shell makes of Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when all went well, 2 (and one sentence on stderr) for input that cannot be used."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return _dispatch(list(arguments))
    except InputError as error:
        return _refuse(str(error))
    except BrokenPipeError:  # who read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a full disk, a folder that may not be written to
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return INTERRUPTED


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(f"lenet {version('lenet')}")
        return 0
    verb, *rest = arguments
    if verb not in VERBS:
        raise unknown("verb", verb, VERBS)
    module, function = VERBS[verb]
    run: Callable[[list[str]], int] = getattr(import_module(module), function)
    return run(rest)


def _refuse(sentence: str) -> int:
    print("lenet:", " ".join(sentence.splitlines()), file=sys.stderr)
    return 2
