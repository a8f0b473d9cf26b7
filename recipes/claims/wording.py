"""Numbers as text."""


def number(value: float) -> str:
    """Two digits that say something, or all before the point.

    Args:
        value: Any number.

    Returns:
        Text.

    Example:
        >>> [number(value) for value in (0.2412, 0.003, 23.6, 120.4)]
        ['0.24', '0.003', '24', '120']
    """
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"


def percent(value: float) -> str:
    """A share in per cent.

    Args:
        value: In [0, 1].

    Returns:
        Text.

    Example:
        >>> percent(0.9731)
        '97.3%'
    """
    return f"{value:.1%}"
