"""The help of the command: a summary of each verb, and a line for each word and each flag.

Words in brackets may be left out; one that ends in dots may be repeated. The order here is the order on the screen.
"""

from __future__ import annotations

SUMMARIES = {
    "train": """Train a network by a recipe, and leave everything in a run folder.

Each flag changes one setting of the recipe; the defaults shown are those of RECIPE.""",
    "evaluate": "Measure a trained network on the test pictures of a data set.",
    "predict": "Say what a trained network reads in pictures, and how certain it is.",
    "describe": """Print the paper's table of a network: its layers, their parameters and connections.

Each flag changes one setting of a named network; the defaults shown are those of MODEL.""",
    "models": "List the networks that are known by name.",
    "recipes": "List the recipes that are known by name.",
    "data": "List the data sets that are known by name.",
}

TRAINED = "a run folder or a .safetensors file"

WORDS = {
    "train": {"[RECIPE]": "a name from `lenet recipes` (default: digits)"},
    "evaluate": {
        "MODEL": TRAINED,
        "[DATA]": "a name from `lenet data`, or a folder; by default what MODEL learned from",
    },
    "predict": {"MODEL": TRAINED, "PICTURE...": "a file with one digit (or other thing) in it"},
    "describe": {"[MODEL]": f"a name from `lenet models`, {TRAINED} (default: lenet5)"},
    "models": {},
    "recipes": {},
    "data": {},
}

JSON_ONLY = {"json": "print one line of JSON on stdout"}
JSON_BESIDE = {"json": "print one line of JSON on stdout, and everything else on stderr"}
DATA_DIR = {"data_dir": "folder with the data set's files; otherwise LENET_DATA, cache, download"}
ENGINE = {"engine": "halide (kernels compiled for this CPU), torch, or auto"}

NETWORK = {
    "input_size": "pixels along each side of the input",
    "maps": "feature maps of each convolution, one number per stage",
    "kernels": "side of each convolution's kernels, one number per stage",
    "table": "which maps the second convolution's maps see: full (all of them), or as in lenet5-1998 (the paper's "
    "Table I), lenet1 or lenet1989",
    "pooling": "how 2x2 units become one: max, mean, trainable-mean or trainable-sum (with a coefficient and a bias, "
    "as in 1998), or none (the convolutions take steps of two, as in 1989)",
    "biases": "biases of the convolutions: shared (one per map) or unshared (one per unit, as in 1989)",
    "activation": "squashing function: tanh, scaled-tanh (the papers'), logistic, relu, celu, elu, gelu, hardtanh, "
    "leaky-relu, mish, relu6, selu, silu, softplus or softsign",
    "hidden": "units of each hidden layer; none if no number follows",
    "output": "linear (weighted sums), squashed, or rbf (distances to the codes of ten digits, as in 1998)",
}

FLAGS: dict[str, dict[str, dict[str, str]]] = {
    "train": {
        "the pictures": {
            "data": "a name from `lenet data`, or a folder of your own",
            "validation": "share of the training pictures to hold out for validation",
            "pictures": "use only this many training pictures, drawn at random; 0: all",
            "fit": "how a picture is made as large as the input: pad or resize",
            "mean": "subtracted from grey levels of 0 (background) to 1 (ink)",
            "std": "what the grey levels are then divided by",
        },
        "their random distortions": {
            "shift": "move by up to this many pixels along each axis",
            "rotation": "turn by up to this many degrees either way",
            "zoom": "enlarge or shrink by up to this share of the size",
            "squeeze": "make taller and narrower or the reverse, by up to this share",
            "pivot": "centre of zoom and squeeze, in pixels below the middle",
            "shear": "slant by up to this many pixels per pixel of height",
            "flip": "mirror half of the pictures (good for clothes, bad for digits)",
            "elastic": "bend smoothly, by this many pixels (root mean square)",
            "copies": "fixed distorted copies per picture; 0: redraw each epoch",
        },
        "the network": {
            **NETWORK,
            "initialisation": "initial weights: fan-in (within 1/sqrt(fan-in)), xavier, he, lecun1998 (within "
            "2.4/fan-in), lecun1998-sqrt (within 2.4/sqrt(fan-in)), or lecun1998-ones (the same, with coefficients "
            "of 1)",
        },
        "how it learns": {
            "loss": "cross-entropy, squared-error (against +1 and -1), distance (1998, eq. 8) or map (eq. 9); the last "
            "two need the output rbf",
            "label_smoothing": "share of cross-entropy's target to spread over all classes",
            "rubbish": "distance of the rubbish class in the loss map (j of eq. 9)",
            "optimiser": "sgd, adamw, or sdlm (stochastic diagonal Levenberg-Marquardt, 1998)",
            "rate": "highest learning rate",
            "schedule": "the rate after the warm-up: constant, linear or cosine (to 0), exponential (to a hundredth), "
            "or lecun1998 (the paper's five rates)",
            "warmup": "share of all steps over which the rate first rises from 0",
            "momentum": "momentum of sgd, or decay of adamw's first moment",
            "weight_decay": "pull of every weight towards 0",
            "damping": "what sdlm adds to every second derivative (mu of 1998)",
            "curvature_pictures": "pictures for sdlm's second derivatives before each epoch",
            "batch": "pictures in each step",
            "average": "decay per step of a moving average of the weights, which is kept instead of them; 0: none",
        },
        "how long, and what is kept": {
            "epochs": "passes over the training pictures",
            "order": "shuffled (anew each epoch) or constant (shuffled once)",
            "patience": "stop after this many epochs without improvement; 0: never",
            "keep": "which network to keep: last, or best (by validation error)",
            "seed": "decides the initial weights, the order, the distortions and the held-out pictures",
        },
        "the run": {
            "out": "run folder to make; by default runs/RECIPE-1, runs/RECIPE-2 and so on",
            "resume": "run folder of a training to go on with, exactly where it stopped",
            **ENGINE,
            "device": "cpu, cuda, mps, or auto (an accelerator if there is one)",
            **DATA_DIR,
            **JSON_BESIDE,
        },
    },
    "evaluate": {"options": {**DATA_DIR, **ENGINE, **JSON_BESIDE}},
    "predict": {"options": JSON_BESIDE},
    "describe": {"the network": NETWORK, "options": JSON_ONLY},
    "models": {"options": JSON_ONLY},
    "recipes": {"options": JSON_ONLY},
    "data": {"options": JSON_ONLY},
}
