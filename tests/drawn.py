"""What a figure holds, for tests of whatever draws one."""

from keras_selectivity.plots.colors import CONTRAST, contrast


def faults(figure):
    """What is wrong with a figure once it is laid out; nothing, if all is well."""
    figure.draw_without_rendering()
    title = figure._suptitle.get_window_extent()
    shown = [axes for axes in figure.axes if axes.get_visible() and axes.axison]
    found = []
    for place, axes in enumerate(shown):
        if not axes.has_data():
            found.append(f"nothing in panel {place}")
        if not axes.get_ylabel() and axes.get_label() != "<colorbar>":
            found.append(f"no name of the y axis of panel {place}")
        if any(contrast(color) < CONTRAST for color in colors(axes)):
            found.append(f"a line or point of panel {place} that white paper hides")
    if not figure.bbox.x0 <= title.x0 < title.x1 <= figure.bbox.x1:
        found.append("a title that is cut")
    return found


def colors(axes):
    """Of the lines and points of a panel, whose transparency is left out."""
    faces = [face for one in points(axes) for face in one.get_facecolor()]
    return [*(line.get_color() for line in axes.lines), *map(tuple, faces)]


def counts(figure):
    """For each panel that is seen, color bars left out: numbers of lines and points."""
    return [
        (len(axes.lines), sum(len(one.get_offsets()) for one in points(axes)))
        for axes in figure.axes
        if axes.get_visible() and axes.get_label() != "<colorbar>"
    ]


def points(axes):
    """The scatters of a panel, and not its bands."""
    return [one for one in axes.collections if type(one).__name__ == "PathCollection"]


def legend(axes):
    """The words of a panel's legend."""
    return [text.get_text() for text in axes.get_legend().get_texts()]
