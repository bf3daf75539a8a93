"""Sweeps that run by themselves: when they are due, and whether the answer changed.

A service (`service`) looks at the clock (`clock`), enters every slot of a cron expression (`cron`)
in a ledger (`ledger`), and starts a process (`process`) for the one that fires. That process runs
the sweep (`fire`), compares what it found with what was known (`change`), lets the champion defend
its title (`champion`) and tells whoever wants to hear of it (`notify`).
"""
