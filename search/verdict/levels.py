"""How much error probability each claim may spend: the protocol's numbers, in one place.

A report risks `ALPHA` in all. Each of its m comparisons gets alpha_c = ALPHA / m (Bonferroni), and
shares it between the looks at its growing replicates and the claim about new rows. Looks fixed
beforehand, each with a level of its own that together stay within a total, are group-sequential
testing with a discrete spending function (Lan and DeMets 1983; Jennison and Turnbull 2000, chapters
7 and 9); the intervals they give hold together, whenever one stops.
"""

from scipy.stats import norm

ALPHA = 0.05
"""Probability that a whole report claims anything false."""
RESERVED_SLOTS = 2
"""Comparisons kept free: the combination of beaten factors, and the best recipe found. Every
further table of a report keeps one more, for a combination of its own."""

LOOKS = (16, 24, 32, 48, 64, 96, 128)
"""Numbers of replicates at which the results are looked at, and only there."""
LATER_LOOKS = (192, 256, 384, 512)
"""Further looks, for who goes on."""
ALL_LOOKS = LOOKS + LATER_LOOKS

LOOKS_SHARE = 0.72
"""Share of alpha_c for `LOOKS`, in equal parts."""
LATER_SHARE = 0.08
"""Share of alpha_c for `LATER_LOOKS`: of it 1/(j(j+1)) for the j-th, which sums to less than 1."""
NEW_ROWS_SHARE = 0.20
"""Share of alpha_c for the claim about new rows."""


def look_schedule(n_replicates: int) -> tuple[int, ...]:
    """The looks that a number of replicates allows; none below the first.

    Replicates beyond the last of these looks are not used: a limit of 20 replicates looks at 16.
    """
    return tuple(look for look in ALL_LOOKS if look <= n_replicates)


def report_size(n_alternatives: int, n_tables: int = 1) -> int:
    """The number m of comparisons that a report pays for.

    Args:
        n_alternatives: in all of its tables.
        n_tables: one for each depth.
    """
    return n_alternatives + RESERVED_SLOTS + n_tables - 1


def comparison_alpha(m: int) -> float:
    """The error probability alpha_c of one of `m` comparisons, all of its claims together.

    Raises:
        ValueError: if `m` is below 1.
    """
    if m < 1:
        raise ValueError(f"a report must have at least 1 comparison; received {m}")
    return ALPHA / m


def look_alpha(n: int, alpha_c: float) -> float:
    """The two-sided error probability of the intervals at the look at `n` replicates.

    Raises:
        ValueError: if there is no look at `n`.
    """
    if n in LOOKS:
        return LOOKS_SHARE * alpha_c / len(LOOKS)
    if n in LATER_LOOKS:
        j = LATER_LOOKS.index(n) + 1
        return LATER_SHARE * alpha_c / (j * (j + 1))
    listed = ", ".join(map(str, ALL_LOOKS))
    raise ValueError(f"a look must be at one of {listed} replicates; received {n}")


def new_rows_alpha(alpha_c: float) -> float:
    """The two-sided error probability of the claim about new rows."""
    return NEW_ROWS_SHARE * alpha_c


def new_rows_quantile(alpha_c: float) -> float:
    """How many standard errors the claim about new rows keeps away: z at 1 - 0.1 alpha_c."""
    return float(norm.isf(new_rows_alpha(alpha_c) / 2))
