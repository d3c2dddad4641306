#pragma once

// Sprocket's version, and the language it needs, said in a sentence before the compiler says it in
// a hundred. What users include (net.h, reactor.h, dns.h) includes this first.

#define SPROCKET_VERSION_MAJOR 0
#define SPROCKET_VERSION_MINOR 1
#define SPROCKET_VERSION_PATCH 0

#if defined(_MSVC_LANG)
#define SPROCKET_CPLUSPLUS _MSVC_LANG
#else
#define SPROCKET_CPLUSPLUS __cplusplus
#endif
#if SPROCKET_CPLUSPLUS < 202002L
#error "Sprocket needs C++20: put 'build --cxxopt=-std=c++20' in your .bazelrc"
#endif
#undef SPROCKET_CPLUSPLUS
