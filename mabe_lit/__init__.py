"""Frame-by-frame behaviour of animals, of each and of pairs, learned from tracked key points.

The path is always the same:
recordings -> windows -> features -> network -> frame probabilities -> bouts.

Shapes in this package are written with one set of letters:

======  ==========================================================
``N``   frames of a recording, or of all recordings end to end
``B``   windows in a batch
``T``   frames in a window (``sequence_length``)
``A``   animals in a recording, in the order of the pose file; at most so many in a dataset
``K``   key points of an animal, in the order of the pose file
``D``   features of a frame, what the network reads (``input_dim``)
``H``   hidden width of the network (``hidden_dim``)
``C``   classes of behaviour (``num_classes``)
``R``   recordings in a dataset
``G``   groups of recordings, such as labs
``S``   stages of a network that refines its answer
``E``   width of an attention head
======  ==========================================================

Key points are ``(N, A, K, 2)``: x to the right and y down, in pixels, NaN where a point was not
tracked. Labels are of the scene, or of an agent and what it does to a target. They are ``(N,)``
class indices where behaviours exclude each other, ``(N, C)`` of 1 for yes and 0 for no where they
are independent; ``UNSCORED`` where nobody scored the frame, or looked for the behaviour.
"""

__version__ = "0.2.0"

UNSCORED = -100
"""Label where nobody scored the frame or looked, and of padding: it counts in no loss or metric."""
