"""The help of the command: a summary of each verb, and a line for each word and each flag.

Words in brackets may be left out; one that ends in dots may be repeated. The order here is the order on the screen.
"""

from __future__ import annotations

SUMMARIES = {
    "train": """Train a network by a recipe.

The network, its scores and plots, and all that is needed to resume or to repeat
the training are saved in a run folder.

Each flag changes one setting of the recipe; the defaults shown are those of
RECIPE. 1989 and 1998 stand for the papers of LeCun et al. of these years.""",
    "evaluate": "Test a trained network on a data set.",
    "predict": "Say what a trained network sees in pictures.",
    "describe": """List the layers of a network and what they cost.

Each flag changes one setting of a network from `lenet models`; the defaults
shown are those of MODEL. A trained network cannot be changed.""",
    "models": "List the networks that are known by name.",
    "recipes": "List the recipes that are known by name.",
    "data": "List the data sets that are known by name.",
    "cache": """Show or delete the compiled kernels that are kept.

Kernels that were compiled once are kept in the user's cache, or in the folder
in the variable LENET_KERNELS; if it is `off`, nothing is kept.""",
}

TRAINED = "a run folder, a .safetensors file, or a network that comes with lenet"

WORDS = {
    "train": {"[RECIPE]": "a name from `lenet recipes` (default: digits)"},
    "evaluate": {
        "MODEL": TRAINED,
        "[DATA]": "a name from `lenet data`, or a folder (default: the data that MODEL was trained on)",
    },
    "predict": {
        "[MODEL]": f"{TRAINED} (default: handwriting)",
        "PICTURE...": "a picture file that shows one digit, or one object of another class; a folder or a pattern of "
        "such files; or - for standard input: one picture, or paths on lines",
    },
    "describe": {"[MODEL]": f"a name from `lenet models`, or a trained network: {TRAINED} (default: lenet5)"},
    "models": {},
    "recipes": {},
    "data": {},
    "cache": {},
}

JSON_ONLY = {"json": "print one line of JSON on stdout"}
JSON_BESIDE = {"json": "print the result as one line of JSON on stdout, and everything else on stderr"}
DATA_DIR = {
    "data_dir": "folder with the files of the data set; without it, $LENET_DATA, the cache and a download are tried in "
    "turn"
}
ENGINE = {"engine": "halide (kernels compiled for this CPU), torch, or auto (halide where it can be used and pays)"}

NETWORK = {
    "input_size": "pixels along each side of the input",
    "maps": "feature maps of each convolution, one number per stage",
    "kernels": "side of each convolution's kernels, one number per stage",
    "table": "which maps the second convolution's maps see: full (all of them), or as in lenet5-1998 (Table I of "
    "1998), lenet1 or lenet1989",
    "pooling": "how 2x2 units become one: max, mean, trainable-mean or trainable-sum (with a coefficient and a bias, "
    "as in 1998), or none (the convolutions have a stride of 2, as in 1989)",
    "biases": "biases of the convolutions: shared (one per map) or unshared (one per unit, as in 1989)",
    "activation": "squashing function: tanh, scaled-tanh (the papers'), logistic, relu, celu, elu, gelu, hardtanh, "
    "leaky-relu, mish, relu6, selu, silu, softplus or softsign",
    "hidden": "units of each hidden layer; no such layer if no number follows",
    "output": "linear (weighted sums), squashed, or rbf (distances to the codes of ten digits, as in 1998)",
}

FLAGS: dict[str, dict[str, dict[str, str]]] = {
    "train": {
        "the pictures": {
            "data": "a name from `lenet data`, or a folder of your own",
            "validation": "share of the training pictures to hold out for validation",
            "pictures": "train on only this many pictures, drawn at random after the validation pictures; 0: all",
            "add": "folder of more pictures to learn from, such as corrections, with a sub-folder for each class that "
            "has some; they get a twentieth of the training",
            "fit": "how a picture is fitted to the input: pad (with background) or resize",
            "mean": "mean to subtract from the grey levels, which run from 0 (background) to 1 (ink)",
            "std": "standard deviation by which to divide the grey levels after that",
        },
        "random distortions of the training pictures": {
            "shift": "move by up to this many pixels along each axis",
            "rotation": "turn by up to this many degrees either way",
            "zoom": "enlarge or shrink by up to this share of the size",
            "squeeze": "make taller and narrower or the reverse, by up to this share of the size",
            "pivot": "centre of zoom and squeeze, in pixels below the middle",
            "shear": "slant by up to this many pixels per pixel of height",
            "flip": "mirror half of the pictures left to right (good for clothes, bad for digits)",
            "elastic": "bend smoothly: the root mean square of the shifts, in pixels",
            "copies": "distorted copies of each picture, drawn once; 0: distort the pictures anew in each epoch",
        },
        "the network": {
            "start": "trained network (like a MODEL) to start from; RECIPE is then, by default, the one of its name, "
            "with 2 epochs at a rate of 0.0003",
            **NETWORK,
            "initialisation": "initial weights: fan-in (within 1/sqrt(fan-in)), xavier, he, lecun1998 (within "
            "2.4/fan-in), lecun1998-sqrt (within 2.4/sqrt(fan-in)), or lecun1998-ones (the same, but with "
            "coefficients of 1)",
        },
        "how it learns": {
            "loss": "cross-entropy, squared-error (against +1 and -1), distance (1998, eq. 8) or map (1998, eq. 9); "
            "the last two need --output rbf",
            "label_smoothing": "share of cross-entropy's target to spread over all classes",
            "rubbish": "distance of the rubbish class for --loss map (j of 1998, eq. 9)",
            "optimiser": "sgd, adamw, or sdlm (stochastic diagonal Levenberg-Marquardt, 1998)",
            "rate": "highest learning rate",
            "schedule": "course of the rate after the warm-up: constant, linear or cosine (to 0), exponential (to "
            "a hundredth), or lecun1998 (five rates, as in 1998)",
            "warmup": "share of all steps during which the rate rises from 0 to its highest",
            "momentum": "momentum of sgd, or decay of adamw's first moment",
            "weight_decay": "weight decay of every parameter, for sgd and adamw",
            "damping": "constant that sdlm adds to every second derivative (mu in 1998)",
            "curvature_pictures": "pictures from which sdlm estimates the second derivatives before each epoch",
            "batch": "pictures in each step",
            "average": "decay per step of a moving average of the weights, which is evaluated and saved in "
            "their place; 0: none",
        },
        "how long, and what is kept": {
            "epochs": "number of epochs; in each, as many pictures are shown as there are training pictures",
            "order": "order of the pictures: shuffled (anew in each epoch) or constant (shuffled once)",
            "patience": "stop after this many epochs without a better validation error; 0: never",
            "keep": "which network to keep: last, or best (by validation error)",
            "seed": "seed of the initial weights, the order, the distortions, and the choice of pictures to hold "
            "out or to use",
        },
        "the run": {
            "out": "run folder to make; without it, the first of runs/RECIPE-1, runs/RECIPE-2, ... that is free",
            "resume": "run folder of a training to resume where it was last saved",
            **ENGINE,
            "device": "cpu, cuda, mps, or auto (an accelerator if there is one)",
            **DATA_DIR,
            **JSON_BESIDE,
        },
    },
    "evaluate": {"options": {**DATA_DIR, **ENGINE, **JSON_BESIDE}},
    "predict": {
        "options": {
            "format": "text, csv or jsonl (a line of JSON for each picture): how the rows are printed",
            "line": "read rows of separate digits, in reading order; ? marks a digit that is not sure",
            "show": "PNG file to write: each picture beside what the network saw of it, with the certainties; with "
            "--line, a box around each digit",
            **JSON_BESIDE,
        }
    },
    "describe": {"the network": NETWORK, "options": JSON_ONLY},
    "models": {"options": JSON_ONLY},
    "recipes": {"options": JSON_ONLY},
    "data": {"options": JSON_ONLY},
    "cache": {"options": {"empty": "delete all of them", **JSON_ONLY}},
}
