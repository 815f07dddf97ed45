"""Frame-by-frame behaviour of pairs of animals, learned from tracked key points.

The path is always the same:
recordings -> windows -> features -> network -> frame probabilities -> bouts.

Shapes in this package are written with one set of letters:

======  ==========================================================
``N``   frames of a recording, or of all recordings end to end
``B``   windows in a batch
``T``   frames in a window (``sequence_length``)
``A``   animals in a recording, in the order of the pose file
``K``   key points of an animal, in the order of the pose file
``D``   features of a frame, what the network reads (``input_dim``)
``H``   hidden width of the network (``hidden_dim``)
``C``   classes of behaviour (``num_classes``)
``R``   recordings in a dataset
``S``   stages of a network that refines its answer
``E``   width of an attention head
======  ==========================================================

Key points are ``(N, A, K, 2)``: x to the right and y down, in pixels, NaN where a point was not
tracked. Labels are ``(N,)`` class indices, ``UNSCORED`` where nobody scored the frame.
"""

__version__ = "0.2.0"

UNSCORED = -100
"""Label of a frame that nobody scored, and of padding: it counts in no loss and in no metric."""
