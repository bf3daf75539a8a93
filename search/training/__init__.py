"""Members in, curves and predictions out.

`search.training.dispatch` trains; it is not imported here, since it brings TensorFlow along.
"""

from search.training.contract import Curve, Ending, Member, Result, Seeds, Trainer

__all__ = ["Curve", "Ending", "Member", "Result", "Seeds", "Trainer"]
