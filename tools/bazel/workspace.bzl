"""Repositories for WORKSPACE builds (Bazel 4 to 6). None of them is downloaded.

Bazel 7 and later read MODULE.bazel instead.
"""

def _forwarding_rules_impl(rctx):
    rctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % rctx.name)
    rctx.file(rctx.attr.package + "/BUILD", "exports_files([\"defs.bzl\"])\n")
    rctx.file(rctx.attr.package + "/defs.bzl", "\n".join([
        "def {0}(**attrs):\n    native.{0}(**attrs)\n".format(rule)
        for rule in rctx.attr.rules
    ]))

_forwarding_rules = repository_rule(
    implementation = _forwarding_rules_impl,
    attrs = {
        "package": attr.string(mandatory = True),
        "rules": attr.string_list(mandatory = True),
    },
    doc = "A stand-in for a rules_* repository whose rules are built into Bazel.",
)

def _coverage_tools_impl(rctx):
    rctx.file("none.sh", "#!/bin/sh\n", executable = True)
    rctx.file("BUILD", "\n".join([
        "sh_binary(name = \"%s\", srcs = [\"none.sh\"], visibility = [\"//visibility:public\"])" % name
        for name in ["coverage_report_generator", "lcov_merger"]
    ]))

_coverage_tools = repository_rule(
    implementation = _coverage_tools_impl,
    doc = "Every cc_test depends on these; only `bazel coverage` runs them.",
)

def builtin_rules():
    """Declares, without a download, the repositories that Bazel 4 loads itself.

    In Bazel 4 the C++ and Java rules are part of Bazel, and the released
    rules_cc and rules_java only forward to them. Other versions fetch theirs.
    """

    # A distribution's build of Bazel 4 has no version.
    if native.bazel_version and not native.bazel_version.startswith("4."):
        return
    if not native.existing_rule("rules_cc"):
        _forwarding_rules(
            name = "rules_cc",
            package = "cc",
            rules = [
                "cc_binary",
                "cc_import",
                "cc_library",
                "cc_proto_library",
                "cc_test",
                "cc_toolchain",
                "cc_toolchain_suite",
                "objc_library",
            ],
        )
    if not native.existing_rule("remote_coverage_tools"):
        _coverage_tools(name = "remote_coverage_tools")
    if not native.existing_rule("rules_java"):
        _forwarding_rules(
            name = "rules_java",
            package = "java",
            rules = [
                "java_binary",
                "java_import",
                "java_library",
                "java_proto_library",
                "java_runtime",
                "java_toolchain",
            ],
        )

# What Boost.Test includes, of the 14,000 headers there are.
_BOOST_BUILD = """
load("@rules_cc//cc:defs.bzl", "cc_library")

_HEADERS = glob(["include/boost/*.hpp"] + [
    "include/boost/%s/**" % part
    for part in [
        "algorithm",
        "assert",
        "bind",
        "config",
        "container_hash",
        "core",
        "detail",
        "exception",
        "function",
        "io",
        "iterator",
        "move",
        "mpl",
        "numeric",
        "preprocessor",
        "range",
        "smart_ptr",
        "test",
        "type_index",
        "type_traits",
        "utility",
    ]
])

cc_library(
    name = "hdrs",
    hdrs = HEADERS,
    includes = INCLUDES,
    visibility = ["//visibility:public"],
)
"""

# The compiler finds headers in /usr/include by itself, unless it is a cross
# compiler. Listing them would cost each sandboxed compilation a link per header.
_IN_SEARCH_PATH = """select({
        "@platforms//os:windows": %s,
        "//conditions:default": [],
    })"""

# Fails when a test is built, so that the library builds without Boost.
_BOOST_MISSING = """
load("@rules_cc//cc:defs.bzl", "cc_library")

genrule(
    name = "missing",
    outs = ["missing.h"],
    cmd = "echo 'Boost.Test was not found. On Debian or Ubuntu: apt-get install libboost-test-dev' >&2; exit 1",
)

cc_library(
    name = "hdrs",
    hdrs = ["missing.h"],
    visibility = ["//visibility:public"],
)
"""

def _system_boost_test_impl(rctx):
    root = rctx.os.environ.get("BOOST_ROOT")
    for prefix in [root] if root else ["/usr", "/usr/local", "/opt/homebrew"]:
        if rctx.path(prefix + "/include/boost/test/included/unit_test.hpp").exists:
            rctx.symlink(prefix + "/include/boost", "include/boost")
            headers, includes = "_HEADERS", "[\"include\"]"
            if prefix == "/usr":
                headers, includes = _IN_SEARCH_PATH % headers, _IN_SEARCH_PATH % includes
            rctx.file("BUILD", _BOOST_BUILD.replace("= HEADERS", "= " + headers).replace("= INCLUDES", "= " + includes))
            return
    rctx.file("BUILD", _BOOST_MISSING)

system_boost_test = repository_rule(
    implementation = _system_boost_test_impl,
    environ = ["BOOST_ROOT"],
    local = True,
    doc = "Makes @boost.test//:hdrs from the Boost headers installed on the machine.",
)
