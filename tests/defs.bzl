"""How Sprocket declares a test."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def sprocket_test(name, srcs = None, deps = [], size = "small", **kwargs):
    """Boost.Test cases in <name>.cc, with main() and the report from //tests:main.

    Args:
      name: the target, <something>_test.
      srcs: the sources, if they are not <name>.cc alone.
      deps: what is tested.
      size: small is a limit of 60 seconds, medium of 300.
      **kwargs: whatever else cc_test takes.
    """
    cc_test(
        name = name,
        size = size,
        srcs = srcs or [name + ".cc"],
        linkstatic = True,
        deps = deps + ["//tests:main"],
        **kwargs
    )
