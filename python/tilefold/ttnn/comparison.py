"""Comparison of results."""


def _values(array):
    import numpy

    if hasattr(array, "shards"):
        from tilefold.ttnn.conversion import host_values

        array = host_values(array)
    elif hasattr(array, "detach"):
        array = array.detach().cpu().double().numpy()
    return numpy.asarray(array, dtype=numpy.float64)


def pearson_correlation_coefficient(expected, actual):
    """The correlation of two tensors' elements (torch, NumPy or ttnn), a float.

    1 when they are equal or both entirely NaN, or where a constant tensor has no correlation; 0 when exactly one is
    entirely NaN or entirely zero. Positions where either is not finite do not count.
    """
    import numpy

    expected, actual = _values(expected).ravel(), _values(actual).ravel()
    if expected.size != actual.size:
        raise RuntimeError(f"the tensors have {expected.size} and {actual.size} elements")
    if numpy.array_equal(expected, actual):  # the common case, in one pass
        return 1.0
    missing = [bool(numpy.isnan(values).all()) and values.size > 0 for values in (expected, actual)]
    if any(missing):
        return 1.0 if all(missing) else 0.0
    zero = [not values.any() for values in (expected, actual)]
    if zero[0] != zero[1] and expected.size > 0:
        return 0.0
    finite = numpy.isfinite(expected) & numpy.isfinite(actual)
    expected, actual = numpy.where(finite, expected, 0.0), numpy.where(finite, actual, 0.0)
    if numpy.array_equal(expected, actual):
        return 1.0
    expected, actual = expected - expected.mean(), actual - actual.mean()
    norm = float(numpy.linalg.norm(expected)) * float(numpy.linalg.norm(actual))
    if norm == 0.0:
        return 1.0
    return float(numpy.clip(numpy.dot(expected, actual) / norm, -1.0, 1.0))
