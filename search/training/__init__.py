"""Members in, curves and predictions out.

`search.training.dispatch` trains, in processes of its own, which alone load TensorFlow.
"""

from search.training.contract import Curve, Ending, Member, Result, Seeds

__all__ = ["Curve", "Ending", "Member", "Result", "Seeds"]
