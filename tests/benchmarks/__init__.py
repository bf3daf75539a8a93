"""What it costs next to what people use today; run by hand: `python -m tests.benchmarks`.

Sides of a benchmark are measured in one run and take turns, and what others offer is called as its
own users call it. Ratios say more than times.
"""
