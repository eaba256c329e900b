"""The networks that are known by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lenet.errors import unknown
from lenet.models.architecture import Architecture
from lenet.models.lenet1 import LENET1
from lenet.models.lenet4 import LENET4
from lenet.models.lenet5 import LENET5
from lenet.models.lenet5_1998 import LENET5_1998
from lenet.models.lenet1989 import LENET1989
from lenet.models.spec import Spec
from lenet.records import field_names, within

MODELS: dict[str, Architecture] = {
    "lenet5": LENET5,
    "lenet5-1998": LENET5_1998,
    "lenet4": LENET4,
    "lenet1": LENET1,
    "lenet1989": LENET1989,
}


def specify(name: str, *, classes: int | Sequence[str] = 10, channels: int = 1, **options: object) -> Spec:
    """Return the spec of the network `name` in `MODELS`, with `options` in place of some of its fields.

    The options are the fields of `Architecture`. `classes` is the number of classes, from 2 to 4096, or their names;
    `channels` is the number of channels of a picture. Raises `InputError` for an unknown name or option, and for values
    that are out of range or do not go together.
    """
    if name not in MODELS:
        raise unknown("model", name, MODELS)
    for option in options:
        if option not in field_names(Architecture):
            raise unknown(f"option of {name}", option, [*field_names(Architecture), "classes", "channels", "seed"])
    if isinstance(classes, int):
        within("number of classes", classes, 2, 4096)
        classes = [str(number) for number in range(classes)]
    numbers = {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}
    architecture = replace(MODELS[name], **numbers)  # type: ignore[arg-type]
    return Spec(architecture, tuple(classes), channels)
