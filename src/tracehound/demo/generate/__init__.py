"""Generator of the sample day: one working day of raw AI logs of an invented company.

``python -m tracehound.demo.generate OUTDIR`` writes the files that ship beside this package in
``demo/day``. Everything is drawn from seeded generators, so the same code gives the same bytes.

``shapes/`` builds single records exactly as the vendors write them, ``prompts/`` holds what people
write and read, ``benign/`` is the ordinary day, ``stories/`` are the six attacks hidden in it.
"""
