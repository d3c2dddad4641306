"""MinGW-w64 on Linux, for building and testing the Windows side under Wine."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "artifact_name_pattern",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
)

_TRIPLE = "x86_64-w64-mingw32"

def _impl(ctx):
    compile = [
        ACTION_NAMES.c_compile,
        ACTION_NAMES.cpp_compile,
        ACTION_NAMES.assemble,
        ACTION_NAMES.preprocess_assemble,
    ]
    link = [
        ACTION_NAMES.cpp_link_executable,
        ACTION_NAMES.cpp_link_dynamic_library,
        ACTION_NAMES.cpp_link_nodeps_dynamic_library,
    ]
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "mingw-w64-x86_64",
        host_system_name = "local",
        target_system_name = _TRIPLE,
        target_cpu = "x64_windows",
        target_libc = "mingw",
        compiler = "mingw-gcc",
        abi_version = "local",
        abi_libc_version = "local",
        artifact_name_patterns = [
            artifact_name_pattern(
                category_name = "executable",
                prefix = "",
                extension = ".exe",
            ),
        ],
        cxx_builtin_include_directories = ctx.attr.include_directories,
        tool_paths = [
            tool_path(name = name, path = "/usr/bin/" + _TRIPLE + "-" + tool)
            for name, tool in {
                "ar": "ar",
                "cpp": "cpp-posix",
                "gcc": "g++-posix",
                "gcov": "gcov-posix",
                "ld": "ld",
                "nm": "nm",
                "objcopy": "objcopy",
                "objdump": "objdump",
                "strip": "strip",
            }.items()
        ],
        features = [
            feature(name = "dbg"),
            feature(name = "fastbuild"),
            feature(name = "opt"),
            feature(
                name = "mingw_flags",
                enabled = True,
                flag_sets = [
                    flag_set(
                        actions = compile,
                        flag_groups = [flag_group(flags = [
                            "-fno-canonical-system-headers",
                            "-D_WIN32_WINNT=0x0A00",
                            "-DWIN32_LEAN_AND_MEAN",
                            "-DNOMINMAX",
                        ])],
                    ),
                    # One self-contained .exe: no libstdc++ or winpthread DLLs
                    # to find at run time.
                    flag_set(
                        actions = link,
                        flag_groups = [flag_group(flags = ["-static"])],
                    ),
                ],
            ),
        ],
    )

mingw_toolchain_config = rule(
    implementation = _impl,
    attrs = {
        "include_directories": attr.string_list(default = [
            "/usr/lib/gcc/" + _TRIPLE,
            "/usr/" + _TRIPLE + "/include",
            "/usr/share/mingw-w64/include",
        ]),
    },
    provides = [CcToolchainConfigInfo],
)
