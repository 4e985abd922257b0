#!/usr/bin/env python3
"""Writes reference-values.csv beside this script: the von Mises-Fisher functions to 20 digits.

Needs mpmath 1.2 or later and a few minutes: python3 reference_values.py [--check]

How they are computed. The power series of I_v, DLMF 10.25.2, has positive terms only. It is summed outward from its largest
term, whose logarithm comes from mpmath's loggamma, until the terms fall below 10^-DIGITS of the sum. Nothing cancels, so of 50
working digits more than 40 are left after the 1e6 nats of the largest term; A_d is the quotient of two such sums. This shares
no formula with the C# code, which uses Debye's expansion and the recurrence.

--check writes nothing: it recomputes a sample of the points at 80 digits, and with mpmath.besseli where that converges.

A row is a point: order v and argument x (exact doubles), log I_v(x) and, for integer d = 2v + 2 >= 2 and kappa = x, log C_d,
A_d, the entropy, and the normaliser with I + 1e-7 in place of I and its derivative; these five are empty for other orders.
"""

import random
import sys
from pathlib import Path

from mpmath import besseli, exp, findroot, log, loggamma, mp, mpf, nstr, pi, sqrt

DIGITS = 50
DIMENSIONS = (2, 3, 4, 5, 8, 16, 17, 31, 32, 63, 64, 100, 128, 129, 256, 512, 1000, 1024, 4096, 8192, 16384, 65535, 65536)
KAPPAS = (1e-6, 1e-3, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5, 1e6)
CROSSED = (19, 20, 25, 32, 64, 100, 128, 257, 512, 1000, 1024, 2049, 4096, 8192, 16384, 32768, 50001, 65535, 65536)
DEBYE_MINIMUM = 50.0  # the C# code changes its method where sqrt(v^2 + x^2) is this
HEADER = "order,x,logBesselI,logNormalizer,meanResultantLength,entropy,referenceLogNormalizer,referenceDerivative"


def log_bessel_i(order, x):
    """log I_order(x)."""
    v, quarter = mpf(order), mpf(x) ** 2 / 4
    smallest = mpf(10) ** -mp.dps
    peak = int((sqrt(v * v + 4 * quarter) - v) / 2)
    total = term = mpf(1)
    k = peak
    while term > smallest:
        k += 1
        term = term * quarter / (k * (v + k))
        total += term
    term, k = mpf(1), peak
    while term > smallest and k > 0:
        term = term * (k * (v + k)) / quarter
        total += term
        k -= 1
    largest = (v + 2 * peak) * log(mpf(x) / 2) - loggamma(mpf(peak + 1)) - loggamma(v + peak + 1)
    return largest + log(total)


def log_normalizer(order, x, log_i=None):
    log_i = log_bessel_i(order, x) if log_i is None else log_i
    return mpf(order) * log(mpf(x)) - (mpf(order) + 1) * log(2 * pi) - log_i


def entropy(order, x):
    log_i = log_bessel_i(order, x)
    return -log_normalizer(order, x, log_i) - mpf(x) * exp(log_bessel_i(mpf(order) + 1, x) - log_i)


def row(order, x):
    """The values at one point; only the first where 2 order is no integer."""
    log_i = log_bessel_i(order, x)
    if (2 * order) % 1 != 0:
        return (log_i,)
    v, kappa, floor = mpf(order), mpf(x), mpf("1e-7")
    mean = exp(log_bessel_i(v + 1, x) - log_i)
    log_c = log_normalizer(order, x, log_i)
    i = exp(log_i)
    reference = v * log(kappa) - (v + 1) * log(2 * pi) - log(i + floor)
    derivative = v / kappa - i * (v / kappa + mean) / (i + floor)
    return log_i, log_c, mean, -log_c - kappa * mean, reference, derivative


def crossing(function, order, low, high):
    """The double nearest to the x where function(order, x) is zero."""
    digits, mp.dps = mp.dps, 30
    root = findroot(lambda u: function(order, exp(u)), (log(mpf(low)), log(mpf(high))), solver="anderson", tol=1e-20, verify=False)
    mp.dps = digits
    return float(exp(root))


def points():
    """Every (order, x) of the file."""
    for d in DIMENSIONS:
        for kappa in KAPPAS:
            yield d / 2 - 1, kappa
    # Zeros of log I, log C and the entropy, where absolute accuracy counts.
    for d in CROSSED:
        v = d / 2 - 1
        yield v, crossing(log_bessel_i, v, 0.6 * v, 0.8 * v + 10)
        yield v, crossing(log_normalizer, v, 1e-1 * d**0.5, 10.0 * d)
    for v in (0.125, 0.3, 1.7, 12.3, 777.7):
        yield v, crossing(log_bessel_i, v, 0.1 * v, 0.8 * v + 10)
    for d in range(2, 18):
        yield d / 2 - 1, crossing(entropy, d / 2 - 1, 1e-2, 1e3)
    # Both sides of the boundary.
    for v in (0.0, 0.5, 7.5, 30.0, 47.0, 49.0, 49.5, 50.0):
        x = max((DEBYE_MINIMUM**2 - v * v) ** 0.5, 1e-3)
        for factor in (1 - 1e-9, 1.0, 1 + 1e-9):
            yield v, x * factor
    draw = random.Random(20240607)
    for _ in range(150):
        yield round(2 ** draw.uniform(1, 16)) / 2 - 1, 10 ** draw.uniform(-6, 6)
    for _ in range(120):
        yield 2 ** draw.uniform(-10, 15), 10 ** draw.uniform(-6, 6)


def check():
    worst = worst_besseli = mpf(0)
    for order, x in random.Random(1).sample(list(points()), 60):
        mp.dps = DIGITS
        values = row(order, x)
        mp.dps = 80
        worst = max(worst, *(abs(a - b) for a, b in zip(values, row(order, x))))
        if order + x < 2e4:
            worst_besseli = max(worst_besseli, abs(values[0] - log(besseli(mpf(order), mpf(x)))))
    print("worst difference to 80 digits:", nstr(worst, 3), " of log I to mpmath.besseli:", nstr(worst_besseli, 3))


def main():
    mp.dps = DIGITS
    lines = [HEADER]
    for order, x in points():
        values = [nstr(value, 20, min_fixed=-5, max_fixed=20) for value in row(order, x)]
        lines.append(",".join([repr(order), repr(x), *values] + [""] * (6 - len(values))))
    Path(__file__).with_name("reference-values.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check()
    else:
        main()
